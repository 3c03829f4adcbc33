//go:build linux

package clusterbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// validity of all certificates. A bed lives for minutes or days.
const validity = 365 * 24 * time.Hour

// An identity is a certificate with its key.
type identity struct {
	template  *x509.Certificate
	signer    *ecdsa.PrivateKey
	cert, key []byte // PEM
}

// issue makes an identity that by signs; a nil by makes one that signs itself
// and others.
func issue(template *x509.Certificate, by *identity) (*identity, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(validity)
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	id := &identity{template: template, signer: signer}
	if by == nil {
		by = id
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.template, signer.Public(), by.signer)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalECPrivateKey(signer)
	if err != nil {
		return nil, err
	}
	id.cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	id.key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
	return id, nil
}

func authority(name string) (*identity, error) {
	return issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}}, nil)
}

func (ca *identity) client(user string, groups ...string) (*identity, error) {
	return issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca)
}

// server issues a certificate for names and addresses.
func (ca *identity) server(hosts ...string) (*identity, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return issue(template, ca)
}

// writeCredentials makes the keys, certificates and kubeconfigs of the bed.
func (p *plan) writeCredentials() error {
	ca, err := authority("clusterbed-ca")
	if err != nil {
		return err
	}
	if err := p.writeKubeconfigs(ca); err != nil {
		return err
	}
	front, err := authority("clusterbed-front-proxy-ca")
	if err != nil {
		return err
	}
	accounts, err := authority("clusterbed-service-account")
	if err != nil {
		return err
	}
	api, err := ca.server("kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "localhost", "127.0.0.1", apiServiceIP, p.apiIP())
	if err != nil {
		return err
	}
	kubelets, err := ca.client("kube-apiserver-kubelet-client", "system:masters")
	if err != nil {
		return err
	}
	frontClient, err := front.client("front-proxy-client")
	if err != nil {
		return err
	}
	all := map[string]*identity{
		"ca": ca, "front-proxy-ca": front, "service-account": accounts,
		"apiserver": api, "kubelet-client": kubelets, "front-proxy": frontClient,
	}
	for _, node := range p.Nodes {
		if all[node.Name], err = ca.server(node.Name, node.IP); err != nil {
			return err
		}
	}
	for name, id := range all {
		if err := p.writeIdentity(name, id); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) writeIdentity(name string, id *identity) error {
	if err := os.WriteFile(p.pki(name+".crt"), id.cert, 0o600); err != nil {
		return err
	}
	return os.WriteFile(p.pki(name+".key"), id.key, 0o600)
}

// admin is the user whose kubeconfig the bed hands out.
const admin = "admin"

// writeKubeconfigs makes a kubeconfig for each user. That of the admin is
// completed later, when the address of the proxy is known.
func (p *plan) writeKubeconfigs(ca *identity) error {
	users := map[string][]string{ // the user and its groups
		admin:                     {"clusterbed-admin", "system:masters"},
		"kube-controller-manager": {"system:kube-controller-manager"},
		"kube-scheduler":          {"system:kube-scheduler"},
	}
	for _, node := range p.Nodes {
		users["kubelet-"+node.Name] = []string{"system:node:" + node.Name, "system:nodes"}
	}
	for name, user := range users {
		id, err := ca.client(user[0], user[1:]...)
		if err != nil {
			return err
		}
		text := kubeconfig(p.server(), "", ca.cert, id)
		if name == admin {
			if err := p.writeIdentity(admin, id); err != nil {
				return err
			}
		}
		if err := os.WriteFile(p.kubeconfig(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfig returns a kubeconfig with its certificates inside. proxy is the
// URL of the proxy through which the server is reached, or "".
func kubeconfig(server, proxy string, ca []byte, id *identity) string {
	encode := base64.StdEncoding.EncodeToString
	if proxy != "" {
		proxy = "    proxy-url: " + proxy + "\n"
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: clusterbed
clusters:
- name: clusterbed
  cluster:
    server: %s
%s    certificate-authority-data: %s
users:
- name: clusterbed
  user:
    client-certificate-data: %s
    client-key-data: %s
contexts:
- name: clusterbed
  context:
    cluster: clusterbed
    user: clusterbed
`, server, proxy, encode(ca), encode(id.cert), encode(id.key))
}

// writeAdmin writes the admin's kubeconfig, which names the real address of
// the API server and the proxy that leads there.
func (p *plan) writeAdmin(proxy string) error {
	id, ca := &identity{}, []byte(nil)
	for name, to := range map[string]*[]byte{"admin.crt": &id.cert, "admin.key": &id.key, "ca.crt": &ca} {
		var err error
		if *to, err = os.ReadFile(p.pki(name)); err != nil {
			return err
		}
	}
	return os.WriteFile(p.file("kubeconfig"), []byte(kubeconfig(p.server(), proxy, ca, id)), 0o600)
}
