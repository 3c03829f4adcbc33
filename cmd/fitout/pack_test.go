package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/signature"
	"github.com/google/go-containerregistry/pkg/registry"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// outputOf runs fitout and returns its standard output.
func outputOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errOut bytes.Buffer
	root := rootCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// What is packed goes to a registry, is signed there, and comes back as the same bytes; a run that wants another key's signature has none.
func TestPushSignPull(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	defer server.Close()
	repository := "oci://" + strings.TrimPrefix(server.URL, "http://") + "/clusters/eu-1"
	dir := t.TempDir()
	packed, again := filepath.Join(dir, "packed"), filepath.Join(dir, "again")
	key, public, other := keyFiles(t, dir, "a"), filepath.Join(dir, "a.pub"), filepath.Join(dir, "b.pub")
	keyFiles(t, dir, "b")

	run := func(want string, args ...string) string {
		t.Helper()
		out, err := outputOf(t, args...)
		if err != nil || !regexp.MustCompile(want).MatchString(out) {
			t.Fatalf("fitout %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return out
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if out, err := outputOf(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fitout %s: %v, want %q\n%s", strings.Join(args, " "), err, want, out)
		}
	}
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(run("artifact sha256:", "pack", "--kubernetes", "1.36", "--cni", "flannel", "--api-endpoint", "https://192.0.2.10:6443", packed))
	reference := repository + "@" + digest
	run("^copied "+regexp.QuoteMeta(reference)+"\n$", "push", packed, repository+":v1")
	run("^present "+regexp.QuoteMeta(reference)+"\n$", "push", packed, repository+":v1")
	refused("it has no signature", "verify", "--key", public, reference)
	refused("it has no signature", "up", "--bundle", reference, "--verify-key", public)
	run("^signed ", "sign", "--key", key, reference)
	run("is signed by SHA256:", "verify", "--key", public, reference)
	refused("made by none of the keys", "verify", "--key", other, reference)
	refused("made by none of the keys", "check", "--bundle", reference, "--verify-key", other)
	run("16 files of "+regexp.QuoteMeta(reference), "pull", repository+":v1", again)
	run("^present ", "push", again, repository+":v1")
}

// keyFiles writes a pair of keys to NAME.pem and NAME.pub, and returns the former.
func keyFiles(t *testing.T, dir, name string) string {
	t.Helper()
	private, public := newKey(t)
	writeFile(t, filepath.Join(dir, name+".pub"), public)
	writeFile(t, filepath.Join(dir, name+".pem"), private)
	if _, err := signature.ReadPublicKey(name, public); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+".pem")
}

func newKey(t *testing.T) (private, public []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
