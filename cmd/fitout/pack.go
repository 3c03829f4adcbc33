package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/artifact"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/fitout-dev/fitout/pkg/signature"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// ociScheme begins a reference to a registry, where a folder can be named, too.
const ociScheme = "oci://"

func packCommand(streams genericiooptions.IOStreams) *cobra.Command {
	in := &input{in: streams.In}
	c := &cobra.Command{
		Use:   "pack DIR",
		Short: "Write everything that a cluster gets to a folder, to be carried, pushed and applied elsewhere",
		Long: `Pack writes to DIR what a cluster gets, as files that are the same bytes on every machine: a folder for each wave, with a
kustomization that kustomize, Flux and Argo CD read; the complete cluster file; the list of the images; and bundle.json with versions and digests.
Pack prints the digest of the OCI artifact that fitout push makes of it. fitout up --bundle applies it.`,
		Example: `  fitout pack -f cluster.yaml packed/
  fitout push packed/ oci://registry.example.com/clusters/eu-1:2026-11-28`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			files, err := in.pack(c)
			if err != nil {
				return err
			}
			digest, err := artifactOf(files).Digest()
			if err != nil {
				return err
			}
			if err := writeFolder(args[0], files); err != nil {
				return err
			}
			_, err = printable.Fprintf(streams.Out, "%s: %d files, artifact %s\n", args[0], len(files), digest)
			return err
		},
	}
	in.register(c)
	return c
}

// pack renders a cluster and packs what it gets.
func (i *input) pack(c *cobra.Command) ([]artifact.File, error) {
	catalogue, err := i.load()
	if err != nil {
		return nil, err
	}
	plan, err := i.prepare(catalogue, c.Flags())
	if err != nil {
		return nil, err
	}
	announce(c.ErrOrStderr(), plan)
	if endpointOpen(plan) {
		return nil, usageError{errors.New("network.apiEndpoint is open, and what is packed is applied as it is; give it, or --api-endpoint https://HOST:6443")}
	}
	builder, err := imageBuilder(catalogue, plan)
	if err != nil {
		return nil, err
	}
	packed, err := plan.Pack(builder.List())
	if err != nil {
		return nil, err
	}
	return packed.Files()
}

// endpointOpen reports whether nobody has said how nodes reach the API server.
func endpointOpen(p *fitout.Plan) bool {
	return slices.ContainsFunc(p.Findings, func(f clusterfile.Finding) bool { return f.Field == "network.apiEndpoint" && f.Assumed })
}

// writeFolder writes files to a folder that is new, or was made by this command: files that are not of the bundle are an error.
func writeFolder(dir string, files []artifact.File) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, "bundle.json")); err != nil {
			return usageError{fmt.Errorf("%s is a folder of something else; name a new one, or one that fitout pack has made", dir)}
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, "waves")), os.Remove(filepath.Join(dir, "bundle.json"))); err != nil {
			return err
		}
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// artifactOf is the OCI artifact of a bundle's files. Its time is always the same, so that its digest is.
func artifactOf(files []artifact.File) registry.Artifact {
	layer, err := artifact.Layer(files)
	if err != nil {
		panic("pack: " + err.Error()) // into memory, of names that fit
	}
	return registry.Artifact{Layer: layer, Annotations: map[string]string{
		"org.opencontainers.image.created": "1970-01-01T00:00:00Z",
		"org.opencontainers.image.title":   "Fitout bundle",
	}}
}

// ociReference reads oci://REGISTRY/PATH:TAG@DIGEST.
func ociReference(text string) (image.Reference, error) {
	name, ok := strings.CutPrefix(text, ociScheme)
	if !ok {
		return image.Reference{}, usageError{fmt.Errorf("%q does not begin with oci://; write oci://registry.example.com/clusters/eu-1:v1", text)}
	}
	ref, err := image.Parse(name)
	if err != nil {
		return ref, usageError{err}
	}
	return ref, nil
}

func pushCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f := &imageFlags{}
	c := &cobra.Command{
		Use:   "push DIR oci://REGISTRY/PATH:TAG",
		Short: "Push a packed bundle to a registry, as one artifact",
		Long: `Push pushes the files of DIR, which fitout pack has made, as one OCI artifact of one layer, which Flux (OCIRepository) and Argo CD (oci:// repositories)
read without more. It verifies DIR first, asks the registry for the digest afterwards, and prints the reference by digest.`,
		Example: "  fitout push packed/ oci://registry.example.com/clusters/eu-1:2026-11-28",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			to, err := ociReference(args[1])
			if err != nil {
				return err
			}
			files, _, err := readFolder(args[0])
			if err != nil {
				return err
			}
			outcome, digest, err := f.client(c.Context()).Push(artifactOf(files), to)
			if err != nil {
				return err
			}
			_, err = printable.Fprintf(streams.Out, "%s %s%s@%s\n", outcome, ociScheme, to.Repository(), digest)
			return err
		},
	}
	f.registerRegistries(c)
	return c
}

// readFolder reads a packed bundle's files, and the bundle in them, which is verified.
func readFolder(dir string) ([]artifact.File, *artifact.Bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, usageError{err}
	}
	defer root.Close()
	files, err := artifact.Folder(root.FS())
	return verified(dir, files, err)
}

// verified reads the bundle in files that came from somewhere; err is why they could not be read.
func verified(from string, files []artifact.File, err error) ([]artifact.File, *artifact.Bundle, error) {
	var b *artifact.Bundle
	if err == nil {
		b, err = artifact.Read(files)
	}
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("%s: %w", from, err)}
	}
	return files, b, nil
}

func pullCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f := &imageFlags{}
	c := &cobra.Command{
		Use:     "pull oci://REGISTRY/PATH@DIGEST DIR",
		Short:   "Read a packed bundle from a registry into a folder",
		Long:    `Pull writes the files of a bundle that fitout push has pushed to DIR, once it has verified them, and prints the reference by digest.`,
		Example: "  fitout pull oci://registry.example.com/clusters/eu-1:2026-11-28 packed/",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			files, _, ref, err := f.pull(c.Context(), args[0])
			if err != nil {
				return err
			}
			if err := writeFolder(args[1], files); err != nil {
				return err
			}
			_, err = printable.Fprintf(streams.Out, "%s: %d files of %s\n", args[1], len(files), ref)
			return err
		},
	}
	f.registerRegistries(c)
	return c
}

// pull reads a packed bundle's files from a registry, and the bundle in them, and returns the reference by digest with them.
func (f *imageFlags) pull(ctx context.Context, from string) ([]artifact.File, *artifact.Bundle, string, error) {
	ref, err := ociReference(from)
	if err != nil {
		return nil, nil, "", err
	}
	got, digest, err := f.client(ctx).Pull(ref)
	if err != nil {
		return nil, nil, "", err
	}
	files, err := artifact.Unpack(bytes.NewReader(got.Layer))
	files, b, err := verified(from, files, err)
	return files, b, ociScheme + ref.Repository() + "@" + digest, err
}

// packedFlag is the flag of a packed bundle that takes the place of a cluster file.
type packedFlag struct {
	from string
	verification
	imageFlags
}

func (p *packedFlag) registerPacked(c *cobra.Command) {
	c.Flags().StringVar(&p.from, "bundle", "", "packed bundle to apply as it is: a folder that fitout pack has made, or oci://REGISTRY/PATH@DIGEST; in place of a cluster file")
	p.verification.register(c, "verify-key")
	p.registerRegistries(c)
}

// A signedBundle is a packed bundle, where it came from, and the key that has signed it.
type signedBundle struct {
	*artifact.Bundle
	from string
	key  signature.Key // none where no key was given
}

// findings tell where the bundle came from, and who has signed it.
func (s signedBundle) findings() []clusterfile.Finding {
	all := []clusterfile.Finding{{Field: "bundle", Value: "packed", Source: s.from}}
	if s.key.Name != "" {
		all = append(all, clusterfile.Finding{Field: "signature", Value: "by " + s.key.ID(), Source: s.key.Name})
	}
	return all
}

// signedBy is the fingerprint of the key; "" where no key was given.
func (s signedBundle) signedBy() string {
	if s.key.Name == "" {
		return ""
	}
	return s.key.ID()
}

// read returns the bundle. With keys to verify it with, it is signed by one of them.
func (p *packedFlag) read(ctx context.Context) (signedBundle, error) {
	var files []artifact.File
	var signed *image.Reference
	out := signedBundle{from: p.from}
	var err error
	if strings.HasPrefix(p.from, ociScheme) {
		ref, refErr := ociReference(p.from)
		switch {
		case refErr != nil:
			return out, refErr
		case ref.Digest == "":
			return out, usageError{fmt.Errorf("--bundle: %s names no digest, so that somebody else decides what is applied; give oci://%s@sha256:..., as fitout push prints it", p.from, ref.Repository())}
		}
		signed = &ref
		files, out.Bundle, out.from, err = p.pull(ctx, p.from)
	} else {
		files, out.Bundle, err = readFolder(p.from)
	}
	if err != nil {
		return out, err
	}
	switch digest, digestErr := digestOf(files, signed); {
	case digestErr != nil:
		return out, digestErr
	case len(p.keys) > 0:
		if out.key, err = p.verify(ctx, &p.imageFlags, signed, digest); err != nil {
			return out, usageError{fmt.Errorf("--bundle: %w", err)}
		}
	case p.verification.signature != "":
		return out, usageError{errors.New("--signature is of no use without --verify-key; name the public key")}
	}
	return out, nil
}

// digestOf is the digest of an artifact: that by which it was read from a registry, or that which the files have as one.
func digestOf(files []artifact.File, read *image.Reference) (string, error) {
	if read != nil {
		return read.Digest, nil
	}
	return artifactOf(files).Digest()
}

// validate refuses keys for what is rendered here: nobody has signed that.
func (p *packedFlag) validate() error {
	if p.from == "" && (len(p.keys) > 0 || p.verification.signature != "") {
		return usageError{errors.New("--verify-key is for a packed bundle; give --bundle, or leave it out")}
	}
	return nil
}

// contradicts refuses flags that say what a cluster gets, which a packed bundle has settled.
func (p *packedFlag) contradicts(flags *pflag.FlagSet) error {
	for _, name := range append(overriding(), "file") {
		if flags.Changed(name) {
			return usageError{fmt.Errorf("--%s and --bundle exclude each other: a packed bundle is applied as it is; leave one of them out", name)}
		}
	}
	return nil
}
