package bed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity of all certificates. A bed lives for minutes or days.
const validity = 365 * 24 * time.Hour

// A keyPair is a certificate and its key, PEM encoded.
type keyPair struct{ cert, key []byte }

// An authority issues certificates.
type authority struct {
	keyPair
	template *x509.Certificate
	signer   *ecdsa.PrivateKey
}

// newAuthority makes a certificate authority that signs itself.
func newAuthority(name string) (*authority, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	a := &authority{template: template, signer: signer}
	a.keyPair, err = a.sign(template, signer)
	return a, err
}

// client issues a client certificate for a Kubernetes user and its group.
func (a *authority) client(user string, groups ...string) (keyPair, error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// server issues a serving certificate for the loopback and for the names that
// pods know the API server by.
func (a *authority) server() (keyPair, error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "bed"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		},
		IPAddresses: []net.IP{net.ParseIP(loopback), net.ParseIP(apiServiceIP)},
	})
}

func (a *authority) issue(template *x509.Certificate) (keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	return a.sign(template, key)
}

// sign completes a template, signs it and encodes it with its key.
func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (keyPair, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return keyPair{}, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(validity)
	der, err := x509.CreateCertificate(rand.Reader, template, a.template, &key.PublicKey, a.signer)
	if err != nil {
		return keyPair{}, err
	}
	text, err := keyPEM(key)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: text}, nil
}

// keyPEM encodes a key in the form that every release reads.
func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// A pki is what the components of one bed identify themselves with.
type pki struct {
	ca, frontProxyCA      *authority
	serving, frontProxy   keyPair
	admin, kubelet        keyPair
	controllers, schedule keyPair
	serviceAccount        []byte // the key alone
}

// newPKI makes all of it afresh.
func newPKI() (*pki, error) {
	p := &pki{}
	var err error
	if p.ca, err = newAuthority("bed-ca"); err != nil {
		return nil, err
	}
	if p.frontProxyCA, err = newAuthority("bed-front-proxy-ca"); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if p.serviceAccount, err = keyPEM(key); err != nil {
		return nil, err
	}
	for pair, issue := range map[*keyPair]func() (keyPair, error){
		&p.serving:     p.ca.server,
		&p.frontProxy:  func() (keyPair, error) { return p.frontProxyCA.client("front-proxy-client") },
		&p.admin:       func() (keyPair, error) { return p.ca.client("bed-admin", "system:masters") },
		&p.kubelet:     func() (keyPair, error) { return p.ca.client("bed-apiserver-kubelet-client", "system:masters") },
		&p.controllers: func() (keyPair, error) { return p.ca.client("system:kube-controller-manager") },
		&p.schedule:    func() (keyPair, error) { return p.ca.client("system:kube-scheduler") },
	} {
		if *pair, err = issue(); err != nil {
			return nil, fmt.Errorf("issue a certificate: %w", err)
		}
	}
	return p, nil
}

// write puts what the components read from files into dir, readable by the
// owner alone.
func (p *pki) write(dir string) error {
	for name, text := range map[string][]byte{
		"ca.crt":              p.ca.cert,
		"ca.key":              p.ca.key,
		"front-proxy-ca.crt":  p.frontProxyCA.cert,
		"front-proxy.crt":     p.frontProxy.cert,
		"front-proxy.key":     p.frontProxy.key,
		"admin.crt":           p.admin.cert,
		"admin.key":           p.admin.key,
		"serving.crt":         p.serving.cert,
		"serving.key":         p.serving.key,
		"kubelet-client.crt":  p.kubelet.cert,
		"kubelet-client.key":  p.kubelet.key,
		"service-account.key": p.serviceAccount,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
