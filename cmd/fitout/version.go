package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"runtime/debug"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// release is the version that a release build sets with -ldflags -X main.release=v1.2.3.
var release string

// version is the release, or what the build knows of the source that it was made from.
func version() string {
	if release != "" {
		return release
	}
	if revision := commit(); revision != "" {
		return "devel-" + revision[:min(12, len(revision))]
	}
	if _, ok := debug.ReadBuildInfo(); !ok {
		return "unknown"
	}
	return "devel"
}

// commit is the commit of the source; "" where the build does not know it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// about is what version prints as JSON.
type about struct {
	Version string            `json:"version"`
	Commit  string            `json:"commit,omitempty"`
	Go      string            `json:"go,omitempty"`
	Addons  string            `json:"addons"`  // digest of the embedded charts and addon.yaml files
	Bundles map[string]string `json:"bundles"` // digest of each embedded bundle, by its minor
}

func versionCommand(streams genericiooptions.IOStreams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "version", Short: "Print the version of fitout, and the digests of the catalogue in it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch output {
			case "text":
				_, err := printable.Fprintln(streams.Out, "fitout", version())
				return err
			case "json":
				a, err := aboutThis()
				if err != nil {
					return err
				}
				return printable.JSON(streams.Out, a, "  ")
			}
			return usageError{fmt.Errorf("--output is %q; use text or json", output)}
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "text", "format: text or json")
	return c
}

func aboutThis() (about, error) {
	a := about{Version: version(), Commit: commit(), Bundles: map[string]string{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		a.Go = info.GoVersion
	}
	var err error
	if a.Addons, err = digestOfFiles(addons.FS); err != nil {
		return a, err
	}
	files, err := fs.Glob(bundles.FS, "*.yaml")
	if err != nil {
		return a, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(bundles.FS, file)
		if err != nil {
			return a, err
		}
		sum := sha256.Sum256(text)
		a.Bundles[file[:len(file)-len(".yaml")]] = "sha256:" + hex.EncodeToString(sum[:])
	}
	return a, nil
}

// digestOfFiles is the digest of all files of a folder, with their names.
func digestOfFiles(folder fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d\n", name, len(text))
		hash.Write(text) //nolint:errcheck // a hash has no errors
		return nil
	})
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), err
}
