package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/signature"
)

var digest = "sha256:" + strings.Repeat("ab", 32)

// pair is a private key, and the same key for verifying, both by way of PEM.
func pair(t testing.TB, key crypto.Signer) (crypto.Signer, signature.Key) {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.ReadPrivateKey("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.ReadPublicKey("key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]crypto.Signer{"Ed25519": ed}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		if all[curve.Params().Name], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A signature is verified by its key, whatever other keys there are, and by no other.
func TestSignAndVerify(t *testing.T) {
	other, otherKey := pair(t, keys(t)["P-256"])
	for name, key := range keys(t) {
		signer, verifier := pair(t, key)
		text, err := signature.Sign(signer, digest)
		if err != nil {
			t.Fatal(err)
		}
		by, err := signature.Verify(text, digest, []signature.Key{otherKey, verifier})
		if err != nil || by.ID() != verifier.ID() || !strings.HasPrefix(by.ID(), "SHA256:") {
			t.Errorf("%s: by %s: %v", name, by.ID(), err)
		}
		if _, err := signature.Verify(text, digest, []signature.Key{otherKey}); err == nil {
			t.Errorf("%s: another key verifies", name)
		}
		if _, err := signature.Verify(text, digest, nil); err == nil {
			t.Errorf("%s: no key verifies", name)
		}
		if _, err := signature.Verify(text, "sha256:"+strings.Repeat("cd", 32), []signature.Key{verifier}); err == nil || !strings.Contains(err.Error(), "another artifact") {
			t.Errorf("%s: another artifact: %v", name, err)
		}
	}
	if _, err := signature.Sign(other, "sha256:12"); err == nil {
		t.Error("what is no digest was signed")
	}
}

// A signature of which any byte that matters was changed verifies no more.
func TestEveryByteCounts(t *testing.T) {
	signer, verifier := pair(t, keys(t)["P-256"])
	text, err := signature.Sign(signer, digest)
	if err != nil {
		t.Fatal(err)
	}
	hint := strings.Index(string(text), `hint":"`)
	free := strings.Index(string(text[hint:]), `"}`) + hint // the hint only helps to find a key
	for i := range text {
		changed := []byte(string(text))
		changed[i] ^= 0x01
		if _, err := signature.Verify(changed, digest, []signature.Key{verifier}); err == nil && (i < hint || i >= free) {
			t.Errorf("byte %d (%q of %q) may be changed", i, text[i], text[max(0, i-20):min(len(text), i+20)])
		}
	}
}

func TestForeignBundles(t *testing.T) {
	signer, verifier := pair(t, keys(t)["P-256"])
	text, err := signature.Sign(signer, digest)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	with := func(key string, value any) string {
		changed := map[string]any{}
		for k, v := range fields {
			changed[k] = v
		}
		changed[key] = value
		out, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for name, test := range map[string]struct{ text, want string }{
		"another version": {with("mediaType", "application/vnd.dev.sigstore.bundle.v9+json"), "not a application/vnd.dev.sigstore.bundle.v0.3+json"},
		"keyless":         {with("verificationMaterial", map[string]any{"certificate": map[string]any{"rawBytes": "aGk="}}), "not made with a key"},
		"no envelope":     {with("dsseEnvelope", nil), "not of an in-toto statement"},
		"many signatures": {with("dsseEnvelope", map[string]any{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": make([]map[string]any, 10000)}), "by none of the keys"},
		"two bundles":     {string(text) + string(text), "something follows it"},
		"no JSON":         {"\x1b[2J", "no Sigstore bundle"},
		"nothing":         {"", "no Sigstore bundle"},
		"huge":            {strings.Repeat(" ", 2<<20), "more than"},
	} {
		if _, err := signature.Verify([]byte(test.text), digest, []signature.Key{verifier}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(weak)
	public, _ := x509.MarshalPKIXPublicKey(weak.Public())
	for name, text := range map[string][]byte{
		"no PEM": []byte("x"), "nothing": nil, "RSA": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"encrypted": pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: private}), "damaged": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private[:50]}),
	} {
		if _, err := signature.ReadPrivateKey("key.pem", text); err == nil || !strings.Contains(err.Error(), "key.pem") {
			t.Errorf("private key, %s: %v", name, err)
		}
	}
	for name, text := range map[string][]byte{
		"no PEM": []byte("x"), "RSA": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "private": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"two": append(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "x"...),
	} {
		if _, err := signature.ReadPublicKey("key.pub", text); err == nil || !strings.Contains(err.Error(), "key.pub") {
			t.Errorf("public key, %s: %v", name, err)
		}
	}
}

// FuzzVerify: whatever the bundle, verifying never panics, and only what the key has signed is verified.
func FuzzVerify(f *testing.F) {
	signer, verifier := pair(f, keys(f)["Ed25519"])
	text, err := signature.Sign(signer, digest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","signatures":[{}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		other := "sha256:" + strings.Repeat("cd", 32)
		if _, err := signature.Verify(text, other, []signature.Key{verifier}); err == nil {
			t.Error("a signature of another artifact was verified")
		}
	})
}
