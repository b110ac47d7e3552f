package controlplane

import (
	"crypto/rand"
	"encoding/csv"
	"encoding/hex"
	"net"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// user is an identity the API server knows by a token of this run.
type user struct {
	name  string // the kubeconfig is <name>.kubeconfig
	as    string // the user name of requests
	group string
}

var (
	adminUser             = user{name: "admin", as: "admin", group: "system:masters"}
	controllerManagerUser = user{name: "controller-manager", as: "system:kube-controller-manager"}
	schedulerUser         = user{name: "scheduler", as: "system:kube-scheduler"}
	kubeletUser           = user{name: "kubelet", as: "local:kubelets", group: "system:masters"}
	stowageUser           = user{name: "stowage", as: "stowage"}
	users                 = []user{adminUser, controllerManagerUser, schedulerUser, kubeletUser, stowageUser}
)

// access holds the credentials of one run, all made for it and all below the work directory.
type access struct {
	url               string
	certificate, key  string // of the API server; the certificate file is also its authority
	serviceAccountKey string
	tokens            string // the API server's token file
	kubeconfigs       map[user]string
	admin             *rest.Config
}

func createAccess(dir *workDir, apiServerPort int) (*access, error) {
	result := &access{
		url:               urlOf("https", apiServerPort),
		certificate:       dir.file("apiserver.crt"),
		key:               dir.file("apiserver.key"),
		serviceAccountKey: dir.file("service-account.key"),
		tokens:            dir.file("tokens.csv"),
		kubeconfigs:       map[user]string{},
	}
	certificate, key, err := cert.GenerateSelfSignedCertKey(loopback, []net.IP{net.ParseIP(loopback)}, []string{"localhost"})
	if err != nil {
		return nil, err
	}
	serviceAccountKey, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return nil, err
	}
	for path, content := range map[string][]byte{
		result.certificate: certificate, result.key: key, result.serviceAccountKey: serviceAccountKey,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
	}
	if err := result.createUsers(dir, certificate); err != nil {
		return nil, err
	}
	result.admin, err = clientcmd.BuildConfigFromFlags("", result.kubeconfigs[adminUser])
	if err != nil {
		return nil, err
	}
	result.admin.QPS = -1
	return result, nil
}

// createUsers writes the token file and a kubeconfig for each user.
func (a *access) createUsers(dir *workDir, authority []byte) error {
	file, err := os.OpenFile(a.tokens, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	writer := csv.NewWriter(file)
	for _, user := range users {
		token := newToken()
		if err := writer.Write([]string{token, user.as, user.as, user.group}); err != nil {
			return err
		}
		path := dir.file(user.name + ".kubeconfig")
		if err := clientcmd.WriteToFile(kubeconfig(a.url, authority, user, token), path); err != nil {
			return err
		}
		a.kubeconfigs[user] = path
	}
	writer.Flush()
	return writer.Error()
}

func newToken() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes) // never fails
	return hex.EncodeToString(bytes)
}

func kubeconfig(url string, authority []byte, user user, token string) clientcmdapi.Config {
	const cluster = "stowage-local"
	return clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{cluster: {Server: url, CertificateAuthorityData: authority}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{user.name: {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{cluster: {Cluster: cluster, AuthInfo: user.name}},
		CurrentContext: cluster,
	}
}
