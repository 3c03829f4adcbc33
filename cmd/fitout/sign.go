package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/signature"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func signCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f := &imageFlags{}
	var key string
	c := &cobra.Command{
		Use:   "sign --key FILE oci://REGISTRY/PATH@DIGEST | DIR",
		Short: "Sign a packed bundle with a key",
		Long: `Sign signs the digest of a packed bundle. The signature of one in a registry is attached to it, as cosign 3 does; that of a folder is printed,
to be carried beside it. Its format is Sigstore's bundle, version 0.3. The key is one of ECDSA or Ed25519 in PEM, without a password.`,
		Example: `  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem && openssl pkey -in key.pem -pubout -out key.pub
  fitout sign --key key.pem oci://registry.example.com/clusters/eu-1@sha256:...
  fitout sign --key key.pem packed/ > packed.sigstore.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if key == "" {
				return usageError{errors.New("--key is missing; name the private key")}
			}
			text, err := readBounded(key)
			if err != nil {
				return usageError{fmt.Errorf("--key: %w", err)}
			}
			signer, err := signature.ReadPrivateKey(key, text)
			if err != nil {
				return usageError{err}
			}
			to, digest, err := signedThing(args[0])
			if err != nil {
				return err
			}
			made, err := signature.Sign(signer, digest)
			if err != nil {
				return err
			}
			if to == nil {
				_, err = streams.Out.Write(append(made, '\n'))
				return err
			}
			at, err := f.client(c.Context()).Attach(made, signature.MediaType, map[string]string{
				"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": signature.PredicateType,
			}, *to)
			if err != nil {
				return err
			}
			_, err = printable.Fprintf(streams.Out, "signed %s%s: %s\n", ociScheme, to, at)
			return err
		},
	}
	c.Flags().StringVar(&key, "key", "", "private key in PEM")
	f.registerRegistries(c)
	return c
}

// signedThing is an artifact in a registry, or nil for a folder, and its digest.
func signedThing(name string) (*image.Reference, string, error) {
	if strings.HasPrefix(name, ociScheme) {
		ref, err := ociReference(name)
		if err == nil && ref.Digest == "" {
			err = usageError{fmt.Errorf("%s names no digest; give oci://%s@sha256:..., as fitout push prints it", name, ref.Repository())}
		}
		return &ref, ref.Digest, err
	}
	files, _, err := readFolder(name)
	if err != nil {
		return nil, "", err
	}
	digest, err := artifactOf(files).Digest()
	return nil, digest, err
}

// maxKeyFile bounds keys and signatures in files, in bytes.
const maxKeyFile = 1 << 20

// readBounded reads a file that the user names.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", name)
	case info.Size() > maxKeyFile:
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, info.Size(), maxKeyFile)
	}
	return os.ReadFile(name)
}

// verification is what signatures are verified with.
type verification struct {
	keys      []string
	signature string
}

func (v *verification) register(c *cobra.Command, name string) {
	c.Flags().StringArrayVar(&v.keys, name, nil, "public key in PEM; the bundle must have a signature of one of them. May be repeated")
	c.Flags().StringVar(&v.signature, "signature", "", "file with the signature of a folder, which fitout sign has printed")
}

// read reads the keys. No key is none to verify with.
func (v *verification) read() ([]signature.Key, error) {
	var keys []signature.Key
	for _, name := range v.keys {
		text, err := readBounded(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("public key: %w", err)}
		}
		key, err := signature.ReadPublicKey(name, text)
		if err != nil {
			return nil, usageError{err}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// verify returns the key that has signed an artifact: one of a registry, or a folder where ref is nil.
func (v *verification) verify(ctx context.Context, f *imageFlags, ref *image.Reference, digest string) (signature.Key, error) {
	keys, err := v.read()
	if err != nil {
		return signature.Key{}, err
	}
	var found [][]byte
	switch {
	case ref != nil && v.signature != "":
		return signature.Key{}, usageError{errors.New("--signature is for a folder; the signatures of an artifact are in its registry")}
	case ref != nil:
		found, err = f.client(ctx).Signatures(*ref, signature.MediaType)
	case v.signature == "":
		return signature.Key{}, usageError{errors.New("the signature of a folder is a file of its own; give --signature, which fitout sign has printed")}
	default:
		var text []byte
		text, err = readBounded(v.signature)
		found = [][]byte{text}
	}
	if err != nil {
		return signature.Key{}, err
	}
	return firstSigner(found, digest, keys)
}

// firstSigner is the key of the first signature that verifies.
func firstSigner(found [][]byte, digest string, keys []signature.Key) (signature.Key, error) {
	var errs []error
	for _, text := range found {
		key, err := signature.Verify(text, digest, keys)
		if err == nil {
			return key, nil
		}
		errs = append(errs, err)
	}
	if len(found) == 0 {
		errs = append(errs, errors.New("it has no signature"))
	}
	return signature.Key{}, fmt.Errorf("%s is not signed with any of the keys: %w; sign it with fitout sign, or give the key of who has", digest, errors.Join(errs...))
}

func verifyCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f, v := &imageFlags{}, &verification{}
	c := &cobra.Command{
		Use:   "verify --key FILE oci://REGISTRY/PATH@DIGEST | DIR",
		Short: "Verify who has signed a packed bundle",
		Long: `Verify wants a signature of the packed bundle by one of the keys, made by fitout sign or by cosign 3 with a key, and prints which key has signed.
Exit codes: 0 signed, 1 not signed with any of the keys, 2 invalid input.`,
		Example: `  fitout verify --key key.pub oci://registry.example.com/clusters/eu-1@sha256:...
  fitout verify --key key.pub --signature packed.sigstore.json packed/`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(v.keys) == 0 {
				return usageError{errors.New("--key is missing; name the public key")}
			}
			ref, digest, err := signedThing(args[0])
			if err != nil {
				return err
			}
			key, err := v.verify(c.Context(), f, ref, digest)
			if err != nil {
				return err
			}
			_, err = printable.Fprintf(streams.Out, "%s is signed by %s (%s)\n", digest, key.ID(), key.Name)
			return err
		},
	}
	v.register(c, "key")
	f.registerRegistries(c)
	return c
}
