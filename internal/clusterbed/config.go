//go:build linux

package clusterbed

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// writeConfigs writes the configuration of containerd and the kubelets.
func (p *plan) writeConfigs() error {
	runtime := containerdConfig
	if old(p.Version) {
		runtime = oldContainerdConfig
	}
	if err := os.WriteFile(p.file("conf", "containerd.toml"), []byte(runtime), 0o600); err != nil {
		return err
	}
	for _, node := range p.Nodes {
		if err := os.WriteFile(p.file("conf", node.Name+"-kubelet.yaml"), []byte(p.kubeletConfig(node)), 0o600); err != nil {
			return err
		}
	}
	text := clusterFile
	if old(p.Version) {
		text += oldClusterFile
	}
	if _, built := p.programs.Addons[calico]; built {
		text += calicoClusterFile
	}
	if _, built := p.programs.Addons[cilium]; built && !mayHave(sysResource) {
		text += withoutSysResource
	}
	return os.WriteFile(p.file("cluster.yaml"), []byte(text), 0o600)
}

// clusterFile is the cluster file for `fitout up` on a bed: what it cannot ask
// the cluster for. kube-proxy may not write the connection table's size, which
// is the machine's.
const clusterFile = `apiVersion: fitout.dev/v1alpha1
kind: Cluster
name: clusterbed
addons:
  kube-proxy:
    values:
      conntrackMaxPerCore: 0
`

// adminTLS returns the admin's credentials of the bed in dir. Certificates of
// ingress controllers are not checked: they sign themselves.
func adminTLS(dir string) (*tls.Config, error) {
	ca, err := os.ReadFile(filepath.Join(dir, "pki", "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "pki", "admin.crt"), filepath.Join(dir, "pki", "admin.key"))
	if err != nil {
		return nil, fmt.Errorf("the admin's certificate: %w", err)
	}
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, nil
}
