package controlplane

import (
	"fmt"
	"path/filepath"
)

// ports are the loopback ports of one run.
type ports struct {
	etcd, etcdPeer, apiServer, controllerManager, scheduler, stowage int
}

func choosePorts() (ports, error) {
	free, err := freePorts(6)
	if err != nil {
		return ports{}, err
	}
	return ports{free[0], free[1], free[2], free[3], free[4], free[5]}, nil
}

func etcdFlags(ports ports, dataDir string) []string {
	client, peer := urlOf("http", ports.etcd), urlOf("http", ports.etcdPeer)
	return []string{
		"--name=local",
		"--data-dir=" + dataDir,
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=local=" + peer,
		"--unsafe-no-fsync", // the data need not outlive the machine
		"--log-level=warn",
	}
}

func apiServerFlags(ports ports, access *access, certDir string) []string {
	return []string{
		"--etcd-servers=" + urlOf("http", ports.etcd),
		"--bind-address=" + loopback,
		"--advertise-address=" + loopback,
		fmt.Sprintf("--secure-port=%d", ports.apiServer),
		"--cert-dir=" + certDir,
		"--tls-cert-file=" + access.certificate,
		"--tls-private-key-file=" + access.key,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + access.serviceAccountKey,
		"--service-account-signing-key-file=" + access.serviceAccountKey,
		"--token-auth-file=" + access.tokens,
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24",
		// Nodes are created Ready; with the plugin the controller manager takes a not-ready taint off every one of them, which
		// makes 1,200 nodes usable after 20 s instead of 3.
		"--disable-admission-plugins=TaintNodesByCondition",
		"--endpoint-reconciler-type=none", // the kubernetes Service cannot have a loopback endpoint
		"--allow-privileged=true",
		"--profiling=false",
	}
}

func controllerManagerFlags(ports ports, access *access) []string {
	kubeconfig := access.kubeconfigs[controllerManagerUser]
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--authentication-skip-lookup=true", // users come with tokens, there is no authority for client certificates
		"--bind-address=" + loopback,
		fmt.Sprintf("--secure-port=%d", ports.controllerManager),
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + access.serviceAccountKey,
		"--root-ca-file=" + access.certificate,
		"--node-monitor-grace-period=160s", // leases are renewed every 40 s, and the machine may be busy
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--profiling=false",
	}
}

// schedulerFlags lets anybody on this machine read kube-scheduler's health and metrics.
func schedulerFlags(ports ports, access *access, config string) []string {
	kubeconfig := access.kubeconfigs[schedulerUser]
	return []string{
		"--config=" + config,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--authentication-skip-lookup=true", // users come with tokens, there is no authority for client certificates
		"--authorization-always-allow-paths=/healthz,/livez,/readyz,/metrics",
		"--bind-address=" + loopback,
		fmt.Sprintf("--secure-port=%d", ports.scheduler),
	}
}

func stowageFlags(options Options, ports ports, access *access) []string {
	flags := []string{
		"-jar", options.StowageJar, "serve",
		"--kubeconfig", access.kubeconfigs[stowageUser],
		"--port", fmt.Sprint(ports.stowage),
	}
	if options.StowageConfig != "" {
		flags = append(flags, "--config", filepath.Clean(options.StowageConfig))
	}
	return flags
}
