// Package signature signs digests of OCI artifacts with a key, and verifies such signatures, in the bundle format of Sigstore, version 0.3
// (github.com/sigstore/protobuf-specs, sigstore_bundle.proto): what cosign 3 attaches to an image, and what it verifies with a key.
// Keyless signatures, which need services of others, are left to cosign.
package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// MediaType is that of a bundle.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// PredicateType is what a signature of cosign says of its subject: nothing but that it is signed.
const PredicateType = "https://sigstore.dev/cosign/sign/v1"

const (
	payloadType   = "application/vnd.in-toto+json" // in-toto Attestation Framework, "Envelope layer"
	statementType = "https://in-toto.io/Statement/v1"
)

// maxBundle bounds a bundle, in bytes.
const maxBundle = 1 << 20

// bundle is the part of a Sigstore bundle that a signature by key has.
type bundle struct {
	MediaType            string   `json:"mediaType"`
	VerificationMaterial material `json:"verificationMaterial"`
	Envelope             envelope `json:"dsseEnvelope"`
}

type material struct {
	PublicKey *struct {
		Hint string `json:"hint"`
	} `json:"publicKey,omitempty"`
}

// envelope is a DSSE envelope (github.com/secure-systems-lab/dsse, envelope.md).
type envelope struct {
	Payload     []byte `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []sig  `json:"signatures"`
}

type sig struct {
	Sig   []byte `json:"sig"`
	KeyID string `json:"keyid,omitempty"`
}

// statement is an in-toto statement, version 1.
type statement struct {
	Type          string         `json:"_type"`
	Subject       []subject      `json:"subject"`
	PredicateType string         `json:"predicateType"`
	Predicate     map[string]any `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// Sign returns a bundle with the key's signature of an artifact's digest (sha256:...).
func Sign(key crypto.Signer, digest string) ([]byte, error) {
	value, err := sha256Of(digest)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(statement{Type: statementType, Subject: []subject{{Digest: map[string]string{"sha256": value}}}, PredicateType: PredicateType, Predicate: map[string]any{}})
	if err != nil {
		return nil, err
	}
	message, hash := encoded(payloadType, payload), crypto.Hash(0)
	if _, ok := key.Public().(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(message)
		message, hash = sum[:], crypto.SHA256
	}
	signed, err := key.Sign(rand.Reader, message, hash)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	hint, err := keyHash(key.Public())
	if err != nil {
		return nil, err
	}
	b := bundle{MediaType: MediaType, Envelope: envelope{Payload: payload, PayloadType: payloadType, Signatures: []sig{{Sig: signed}}}}
	b.VerificationMaterial.PublicKey = &struct {
		Hint string `json:"hint"`
	}{base64.StdEncoding.EncodeToString(hint)}
	return json.Marshal(b)
}

// Verify returns the first of the keys whose signature of an artifact's digest a bundle has. The error says why there is none.
func Verify(text []byte, digest string, keys []Key) (Key, error) {
	want, err := sha256Of(digest)
	if err != nil {
		return Key{}, err
	}
	if len(text) > maxBundle {
		return Key{}, fmt.Errorf("the signature has %d bytes, more than %d", len(text), maxBundle)
	}
	var b bundle
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&b); err != nil {
		return Key{}, fmt.Errorf("the signature is no Sigstore bundle: %w", err)
	}
	if d.More() {
		return Key{}, errors.New("the signature is no Sigstore bundle: something follows it")
	}
	switch {
	case b.MediaType != MediaType:
		return Key{}, fmt.Errorf("the signature is a %.100q, not a %s", b.MediaType, MediaType)
	case b.VerificationMaterial.PublicKey == nil:
		return Key{}, errors.New("the signature was not made with a key; verify a keyless one with cosign")
	case b.Envelope.PayloadType != payloadType:
		return Key{}, fmt.Errorf("the signature is of a %.100q, not of an in-toto statement", b.Envelope.PayloadType)
	}
	key, err := b.Envelope.signer(keys)
	if err != nil {
		return Key{}, err
	}
	return key, b.Envelope.states(want)
}

// signer is the key that has signed the envelope.
func (e envelope) signer(keys []Key) (Key, error) {
	message := encoded(e.PayloadType, e.Payload)
	for _, s := range e.Signatures[:min(len(e.Signatures), 10)] {
		for _, k := range keys {
			if k.signed(message, s.Sig) {
				return k, nil
			}
		}
	}
	return Key{}, errors.New("the signature was made by none of the keys, or what it signs was changed")
}

// states refuses a statement about anything but the digest.
func (e envelope) states(digest string) error {
	var s statement
	if err := json.Unmarshal(e.Payload, &s); err != nil {
		return fmt.Errorf("what is signed is no in-toto statement: %w", err)
	}
	switch {
	case s.Type != statementType || s.PredicateType != PredicateType:
		return fmt.Errorf("what is signed is a %.100q of type %.100q, not a signature of an image", s.PredicateType, s.Type)
	case len(s.Subject) != 1 || len(s.Subject[0].Digest) != 1 || s.Subject[0].Digest["sha256"] != digest:
		return fmt.Errorf("what is signed is another artifact than sha256:%s", digest)
	}
	return nil
}

// encoded is what is signed of a payload: DSSE's pre-authentication encoding (protocol.md).
func encoded(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

func sha256Of(digest string) (string, error) {
	value, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(value); !ok || err != nil || len(raw) != sha256.Size || strings.ToLower(value) != value {
		return "", fmt.Errorf("%.100q is no digest; give sha256: and 64 hexadecimal digits", digest)
	}
	return value, nil
}

// A Key is a public key that signatures are verified with.
type Key struct {
	Name   string // of the file
	public crypto.PublicKey
}

// ID is the key's fingerprint: SHA256: and the hash of the key in base64, as OpenSSL's and cosign's tools know it.
func (k Key) ID() string {
	hash, err := keyHash(k.public)
	if err != nil {
		return "?"
	}
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(hash)
}

func (k Key) signed(message, signature []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(public, sum[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	}
	return false
}

func keyHash(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return sum[:], nil
}

// ReadPublicKey reads a public key in PEM: one of ECDSA over P-256, P-384 or P-521, or of Ed25519.
func ReadPublicKey(name string, text []byte) (Key, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return Key{}, fmt.Errorf("%s is no public key in PEM (-----BEGIN PUBLIC KEY-----); openssl pkey -in KEY -pubout writes one", name)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", name, err)
	}
	switch public.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return Key{Name: name, public: public}, nil
	}
	return Key{}, fmt.Errorf("%s is a key of a kind that is not used here (%T); give one of ECDSA or Ed25519", name, public)
}

// ReadPrivateKey reads a private key in PEM, in PKCS 8 or SEC 1, without a password.
func ReadPrivateKey(name string, text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is no private key in PEM; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 makes one", name)
	}
	switch block.Type {
	case "EC PRIVATE KEY":
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch key := key.(type) {
		case *ecdsa.PrivateKey:
			return key, nil
		case ed25519.PrivateKey:
			return key, nil
		}
		return nil, fmt.Errorf("%s is a key of a kind that is not used here (%T); give one of ECDSA or Ed25519", name, key)
	}
	return nil, fmt.Errorf("%s is a %.60q; give a PRIVATE KEY without a password, or sign with cosign sign --key", name, block.Type)
}
