/**
 * Files that people write, read into records; what is not known is refused by name. Depends on no
 * other package.
 */
@NullMarked
package io.stowage.extender.yaml;

import org.jspecify.annotations.NullMarked;
