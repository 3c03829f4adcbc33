package main

import (
	"fmt"
	"io"
	"os"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// maxManifest bounds a file of manifests, in bytes.
const maxManifest = 64 << 20

func validateCommand(streams genericiooptions.IOStreams) *cobra.Command {
	var kubernetes string
	c := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check manifests against the API of a Kubernetes version, without a cluster",
		Long: `Validate reads any manifests (- for standard input) and reports what the API server of the version would refuse when it
decodes them: kinds and versions that it does not serve, unknown fields, wrong types, missing fields. Custom resources
are checked by the definitions in the same files.`,
		Example: `  fitout validate --kubernetes 1.18 manifests.yaml
  helm template my-chart | fitout validate --kubernetes 1.36 -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			n, err := validateFiles(streams, kubernetes, files)
			if err != nil {
				return err
			}
			fmt.Fprintf(streams.Out, "%d objects are valid for Kubernetes %s\n", n, kubernetes)
			return nil
		},
	}
	c.Flags().StringVar(&kubernetes, "kubernetes", kubeapi.Newest(), "Kubernetes version, such as 1.36")
	return c
}

// validateFiles validates the objects of all files together and returns how many there are. What is valid now and will not
// be in the newest version is a warning.
func validateFiles(streams genericiooptions.IOStreams, kubernetes string, files []string) (int, error) {
	version, err := clusterfile.ParseVersion(kubernetes)
	if err != nil {
		return 0, usageError{err}
	}
	api, err := kubeapi.Load(version.Minor())
	if err != nil {
		return 0, usageError{err}
	}
	later, err := kubeapi.Load(kubeapi.Newest())
	if err != nil {
		return 0, err
	}
	var all []*manifest.Object
	fileOf := map[*manifest.Object]string{}
	for _, file := range files {
		objects, err := readManifests(streams.In, file)
		if err != nil {
			return 0, usageError{err}
		}
		for _, o := range objects {
			fileOf[o] = file
		}
		all = append(all, objects...)
	}
	warn(streams.ErrOut, api.Deprecated(all, later))
	return len(all), api.Validate(all, func(o *manifest.Object) string { return fileOf[o] })
}

func readManifests(in io.Reader, file string) ([]*manifest.Object, error) {
	name := file
	if file == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > maxManifest {
		return nil, fmt.Errorf("%s: is larger than %d MiB; give manifests, not an archive", name, maxManifest>>20)
	}
	return manifest.Parse(name, text)
}
