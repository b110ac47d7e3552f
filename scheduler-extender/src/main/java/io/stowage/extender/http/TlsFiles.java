package io.stowage.extender.http;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the certificates are, as PEM.
 *
 * @param certFile the server's certificate, followed by those that lead to its authority
 * @param keyFile its private key
 * @param clientCaFile the authorities of client certificates; null where callers need none
 */
public record TlsFiles(Path certFile, Path keyFile, @Nullable Path clientCaFile) {}
