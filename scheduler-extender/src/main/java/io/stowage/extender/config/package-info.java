/**
 * The configuration file: one YAML file, read into a record that validates every setting. Depends
 * on the reading of YAML, and on the settings of the service and of its listeners.
 */
@NullMarked
package io.stowage.extender.config;

import org.jspecify.annotations.NullMarked;
