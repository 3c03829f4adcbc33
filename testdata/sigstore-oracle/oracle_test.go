package oracle

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/signature"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	sigstoresignature "github.com/sigstore/sigstore/pkg/signature"
)

var digest = "sha256:" + strings.Repeat("ab", 32)

func newKey(t *testing.T) (*ecdsa.PrivateKey, signature.Key) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public, err := signature.ReadPublicKey("key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

// verified is the library's verdict on a bundle.
func verified(t *testing.T, text []byte, key *ecdsa.PrivateKey, digest string) error {
	t.Helper()
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return err
	}
	verifier, err := sigstoresignature.LoadVerifier(key.Public(), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	expiring := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return expiring, nil })
	v, err := verify.NewVerifier(material, verify.WithNoObserverTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", raw), verify.WithKey()))
	return err
}

// What Fitout has signed, Sigstore's library verifies; of another artifact or by another key it does not.
func TestTheirsVerifiesOurs(t *testing.T) {
	key, _ := newKey(t)
	other, _ := newKey(t)
	text, err := signature.Sign(key, digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := verified(t, text, key, digest); err != nil {
		t.Error(err)
	}
	if verified(t, text, other, digest) == nil {
		t.Error("another key verifies")
	}
	if verified(t, text, key, "sha256:"+strings.Repeat("cd", 32)) == nil {
		t.Error("another artifact is verified")
	}
}

// keypair lets the library sign with our key.
type keypair struct{ key *ecdsa.PrivateKey }

func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	return protocommon.HashAlgorithm_SHA2_256
}
func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
}
func (k keypair) GetHint() []byte                { return []byte("a key") }
func (k keypair) GetKeyAlgorithm() string        { return "ECDSA" }
func (k keypair) GetPublicKey() crypto.PublicKey { return k.key.Public() }
func (k keypair) GetPublicKeyPem() (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k.key.Public())
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}
func (k keypair) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	sum := crypto.SHA256.New()
	sum.Write(data)
	hashed := sum.Sum(nil)
	signed, err := ecdsa.SignASN1(rand.Reader, k.key, hashed)
	return signed, hashed, err
}

// What the library has signed as cosign does, Fitout verifies.
func TestOursVerifiesTheirs(t *testing.T) {
	key, public := newKey(t)
	_, other := newKey(t)
	statement := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + strings.TrimPrefix(digest, "sha256:") + `"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`
	made, err := sign.Bundle(&sign.DSSEData{Data: []byte(statement), PayloadType: "application/vnd.in-toto+json"}, keypair{key}, sign.BundleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.NewBundle(made)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signature.Verify(text, digest, []signature.Key{public}); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := signature.Verify(text, digest, []signature.Key{other}); err == nil {
		t.Error("another key verifies")
	}
}
