/** The scheduler extender: the service that kube-scheduler calls, and the command line. */
@NullMarked
package io.stowage.extender;

import org.jspecify.annotations.NullMarked;
