package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fitout-dev/fitout/pkg/archive"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/catalogue"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// catalogueOptions are what the verbs of catalogue take.
type catalogueOptions struct {
	input
	plainHTTP []string
	streams   genericiooptions.IOStreams
}

func catalogueCommand(streams genericiooptions.IOStreams) *cobra.Command {
	c := &cobra.Command{
		Use:   "catalogue",
		Short: "Fetch catalogues of your own, and hold them to what they were",
		Long: `Catalogue fetches the catalogues that a cluster file and --catalogue name by oci:// or https://. Only these two verbs use the
network: every other command reads the lock, catalogues.lock beside the cluster file (in the current folder without one), and what was
fetched, which is kept by its digest in the user's cache folder.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{errors.New("catalogue is not a command by itself; use fitout catalogue lock or fitout catalogue pull")}
		},
	}
	c.AddCommand(catalogueVerb(streams, "lock", "Fetch catalogues as they are now, and write the lock",
		`Lock asks where each tag leads to now, fetches the archive, and writes both digests into the lock. What the lock has of other
catalogues stays. It says what has changed.`, (*catalogueOptions).lock))
	c.AddCommand(catalogueVerb(streams, "pull", "Fetch catalogues as the lock has them",
		`Pull fetches what the lock has and the cache does not, as a fresh machine of CI needs it, and refuses anything else.`, (*catalogueOptions).pull))
	return c
}

func catalogueVerb(streams genericiooptions.IOStreams, verb, short, long string, run func(*catalogueOptions, context.Context) error) *cobra.Command {
	o := &catalogueOptions{input: input{in: streams.In}, streams: streams}
	c := &cobra.Command{
		Use: verb, Short: short, Long: long, Args: cobra.NoArgs,
		Example: "  fitout catalogue " + verb + " -f cluster.yaml\n  fitout catalogue " + verb + " --catalogue oci://registry.example.org/catalogues/corp:v3",
		RunE:    func(c *cobra.Command, _ []string) error { return run(o, c.Context()) },
	}
	o.registerFile(c)
	c.Flags().StringArrayVar(&o.plainHTTP, "plain-http", nil, "host, with its port, of a registry without TLS; may be repeated. Those of this machine are known")
	return c
}

// remote are the layers that are fetched, and the folder of their lock.
func (o *catalogueOptions) remote() ([]catalogue.Source, string, error) {
	layers, err := o.layers()
	if err != nil {
		return nil, "", err
	}
	var sources []catalogue.Source
	for _, l := range layers {
		source, err := l.parse()
		if err != nil {
			return nil, "", usageError{err}
		}
		if source.Remote() {
			sources = append(sources, source)
		}
	}
	if len(sources) == 0 {
		return nil, "", usageError{errors.New("no catalogue is fetched; name one by oci:// or https:// in catalogues of the cluster file, or with --catalogue")}
	}
	return sources, layers[0].lock, nil
}

// lock fetches catalogues as they are, and writes the lock.
func (o *catalogueOptions) lock(ctx context.Context) error {
	sources, dir, err := o.remote()
	if err != nil {
		return err
	}
	lock, err := readLock(dir)
	if errors.Is(err, fs.ErrNotExist) {
		lock, err = &catalogue.Lock{}, nil
	}
	if err != nil {
		return usageError{err}
	}
	for _, s := range sources {
		data, digest, err := o.fetch(ctx, s)
		if err != nil {
			return err
		}
		locked := catalogue.Locked{Source: s.Text, Digest: digest, Archive: catalogue.DigestOf(data)}
		if _, err := packedSource(s.Text, data); err != nil {
			return err
		}
		if err := keep(data, locked.Archive); err != nil {
			return err
		}
		state := "unchanged"
		if lock.Set(locked) {
			state = "locked"
		}
		printable.Fprintf(o.streams.Out, "%s %s at %s\n", s.Text, state, digest)
	}
	text, err := lock.Text()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, catalogue.LockFile), text, 0o644)
}

// pull fetches what the lock has and the cache does not.
func (o *catalogueOptions) pull(ctx context.Context) error {
	sources, dir, err := o.remote()
	if err != nil {
		return err
	}
	lock, err := readLock(dir)
	if err != nil {
		return usageError{fmt.Errorf("%w; run fitout catalogue lock", err)}
	}
	for _, s := range sources {
		locked, err := lock.Of(s)
		if err != nil {
			return usageError{err}
		}
		if _, err := kept(locked.Archive); err == nil {
			printable.Fprintf(o.streams.Out, "%s is there\n", s.Text)
			continue
		}
		if s.OCI.Path != "" {
			s.OCI.Digest = locked.Digest // whatever the tag leads to by now
		}
		data, _, err := o.fetch(ctx, s)
		if err != nil {
			return err
		}
		if is := catalogue.DigestOf(data); is != locked.Archive {
			return fmt.Errorf("%s has the digest %s, and the lock has %s: it was changed since; look at it, and run fitout catalogue lock", s.Text, is, locked.Archive)
		}
		if err := keep(data, locked.Archive); err != nil {
			return err
		}
		printable.Fprintf(o.streams.Out, "%s fetched\n", s.Text)
	}
	return nil
}

// fetch fetches the archive of a source.
func (o *catalogueOptions) fetch(ctx context.Context, s catalogue.Source) (data []byte, digest string, err error) {
	if s.OCI.Path != "" {
		client := registry.New(ctx, registry.Options{UserAgent: "fitout/" + version(), PlainHTTP: o.plainHTTP})
		return client.Archive(s.OCI, archive.Catalogue.Packed)
	}
	data, err = registry.Download(ctx, s.URL, "fitout/"+version(), archive.Catalogue.Packed)
	if err != nil {
		return nil, "", err
	}
	digest = catalogue.DigestOf(data)
	if s.Digest != "" && s.Digest != digest {
		return nil, "", fmt.Errorf("%s has the digest %s, not the one that it names; look at what it is, and write that digest", s.URL, digest)
	}
	return data, digest, nil
}

// readLock reads the lock of a folder.
func readLock(dir string) (*catalogue.Lock, error) {
	file := filepath.Join(dir, catalogue.LockFile)
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return catalogue.ReadLock(file, f)
}

// locked is a layer that was fetched, as its lock has it.
func (l layer) locked(s catalogue.Source) (bundle.Source, error) {
	lock, err := readLock(l.lock)
	if errors.Is(err, fs.ErrNotExist) {
		lock, err = &catalogue.Lock{}, nil
	}
	if err != nil {
		return bundle.Source{}, err
	}
	locked, err := lock.Of(s)
	if err != nil {
		return bundle.Source{}, fmt.Errorf("%s: %w", l.from, err)
	}
	data, err := kept(locked.Archive)
	if err != nil {
		return bundle.Source{}, fmt.Errorf("%s: %s: %w", l.from, s.Text, err)
	}
	return packedSource(s.Text, data)
}

// packedSource is the catalogue in an archive.
func packedSource(name string, data []byte) (bundle.Source, error) {
	files, err := catalogue.Open(data)
	if err != nil {
		return bundle.Source{}, fmt.Errorf("%s: %w", name, err)
	}
	return bundle.Folder(name, files)
}

// cacheFile is where an archive is kept.
func cacheFile(digest string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w; set XDG_CACHE_HOME to a folder that is kept", err)
	}
	return filepath.Join(dir, "fitout", "catalogues", strings.Replace(digest, ":", "-", 1)+".tgz"), nil
}

// kept reads an archive from the cache, and compares its digest.
func kept(digest string) ([]byte, error) {
	file, err := cacheFile(digest)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(file); err == nil && info.Size() > archive.Catalogue.Packed {
		return nil, fmt.Errorf("%s was changed; remove it, and run fitout catalogue pull", file)
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("is locked, but not in the cache of this machine; run fitout catalogue pull")
	}
	if err == nil && catalogue.DigestOf(data) != digest {
		err = fmt.Errorf("%s was changed; remove it, and run fitout catalogue pull", file)
	}
	return data, err
}

// keep puts an archive into the cache, at once or not at all.
func keep(data []byte, digest string) error {
	file, err := cacheFile(digest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, data, 0o600)
}
