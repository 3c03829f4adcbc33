// Command ingress stands in for Traefik where that cannot be built. It listens
// on the entry points that Traefik's arguments name, answers 404 as Traefik
// does where no rule matches, serves TLS with a certificate of its own making,
// and answers /ping on the entry point "traefik". It reads no Ingress. A flag
// that it does not know ends it, as it would end Traefik.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

var (
	entryPoint = regexp.MustCompile(`^--entrypoints\.([a-z]+)\.address=(:[0-9]+)(/tcp)?$`)
	known      = regexp.MustCompile(`^--(global|log|accesslog|entrypoints|ping|metrics|providers)[.=]`)
)

func main() {
	addresses, withTLS := map[string]string{}, map[string]bool{}
	for _, arg := range os.Args[1:] {
		if match := entryPoint.FindStringSubmatch(arg); match != nil {
			addresses[match[1]] = match[2]
			continue
		}
		if name, ok := strings.CutSuffix(strings.TrimPrefix(arg, "--entrypoints."), ".http.tls=true"); ok {
			withTLS[name] = true
		}
		if !known.MatchString(arg) {
			log.Fatalf("unknown argument %q", arg)
		}
	}
	certificate, err := selfSigned()
	if err != nil {
		log.Fatal(err)
	}
	failed := make(chan error)
	for name, address := range addresses {
		server := &http.Server{Addr: address, Handler: handler(name), TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}}
		go func() {
			log.Printf("entry point %s listens on %s", name, address)
			if withTLS[name] {
				failed <- server.ListenAndServeTLS("", "")
				return
			}
			failed <- server.ListenAndServe()
		}()
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-signals:
	}
}

func handler(name string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", http.NotFound)
	if name == "traefik" {
		mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "OK") })
		mux.HandleFunc("/metrics", func(http.ResponseWriter, *http.Request) {})
	}
	return mux
}

// selfSigned makes a certificate as Traefik's default one.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "TRAEFIK DEFAULT CERT"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
