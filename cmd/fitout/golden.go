package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/golden"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// goldenFlags are what both verbs of golden take.
type goldenFlags struct {
	catalogueFlag
	files []string
}

func (g *goldenFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVarP(&g.files, "file", "f", nil, "cluster file, pattern of cluster files such as 'clusters/*.yaml', or folder with them; may be repeated")
	g.catalogueFlag.register(c)
}

func goldenCommand(streams genericiooptions.IOStreams) *cobra.Command {
	c := &cobra.Command{
		Use:   "golden",
		Short: "Keep what many clusters get as files for review",
		Long: `Golden keeps what the clusters of many cluster files get in a folder that is reviewed and kept under version control: an index
for each cluster, and each distinct rendering of an addon once, however many clusters have it. It needs no cluster and no network.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return usageError{errors.New("golden is not a command by itself; use fitout golden update or fitout golden check")}
		},
	}
	c.AddCommand(goldenUpdate(streams), goldenCheck(streams))
	return c
}

func goldenUpdate(streams genericiooptions.IOStreams) *cobra.Command {
	var flags goldenFlags
	c := &cobra.Command{
		Use:   "update DIR",
		Short: "Write what the clusters get now",
		Long: `Update renders every cluster file and makes DIR hold the result: index/ with a file for each cluster, addons/ with each
distinct rendering of an addon. It prints what has changed, and removes what nothing names any more; files that it has not
made stay as they are. Nothing is written if one cluster file has a fault.`,
		Example: "  fitout golden update golden -f 'clusters/*.yaml'",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return flags.compare(args[0], true, func(folder *golden.Folder, c *golden.Comparison) error {
				if err := folder.Write(c); err != nil {
					return fmt.Errorf("write golden files: %w", err)
				}
				return printAll(streams.Out, c.Text())
			})
		},
	}
	flags.register(c)
	return c
}

func goldenCheck(streams genericiooptions.IOStreams) *cobra.Command {
	var flags goldenFlags
	var output string
	c := &cobra.Command{
		Use:   "check DIR",
		Short: "Compare what the clusters get now with the files in DIR",
		Long: `Check renders every cluster file and compares the result with DIR, which it does not change. It prints what differs, first in
a line for each change, then as a unified diff. Exit codes: 0 nothing differs, 1 something does, 2 invalid input.`,
		Example: `  fitout golden check golden -f 'clusters/*.yaml'
  fitout golden check golden -f 'clusters/*.yaml' -o markdown > comment.md`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			printer, ok := goldenPrinters[output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use text, markdown or junit", output)}
			}
			return flags.compare(args[0], false, func(_ *golden.Folder, c *golden.Comparison) error {
				if err := printer(streams.Out, c); err != nil {
					return err
				}
				if !c.Same() {
					return resultError{report.ExitFailed}
				}
				return nil
			})
		},
	}
	flags.register(c)
	c.Flags().StringVarP(&output, "output", "o", "text", "format: text (with a unified diff), markdown (for a pull request) or junit")
	return c
}

var goldenPrinters = map[string]func(io.Writer, *golden.Comparison) error{
	"text":     func(w io.Writer, c *golden.Comparison) error { return printAll(w, c.Text(), c.Diff()) },
	"markdown": func(w io.Writer, c *golden.Comparison) error { return printAll(w, c.Markdown()) },
	"junit":    func(w io.Writer, c *golden.Comparison) error { return c.JUnit(w) },
}

// printAll prints texts that are printable.
func printAll(w io.Writer, texts ...string) error {
	for _, text := range texts {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// catalogues returns the catalogue of each cluster file; files that name the same ones share it.
func (f *catalogueFlag) catalogues() func(clusterfile.File) (*bundle.Catalogue, error) {
	known := map[string]*bundle.Catalogue{}
	return func(file clusterfile.File) (*bundle.Catalogue, error) {
		layers := layersOf(file, file.Name)
		key := ""
		for _, l := range layers {
			key += l.source + "\n"
		}
		if catalogue, ok := known[key]; ok {
			return catalogue, nil
		}
		catalogue, err := readLayers(f.over(layers, folderOf(file.Name)))
		if err == nil {
			known[key] = catalogue
		}
		return catalogue, err
	}
}

// compare renders all cluster files, compares the result with a folder, and hands both over.
func (g *goldenFlags) compare(dir string, create bool, use func(*golden.Folder, *golden.Comparison) error) error {
	if len(g.files) == 0 {
		return usageError{errors.New("no cluster files; name them with --file, such as -f 'clusters/*.yaml'")}
	}
	files, err := golden.Files(g.files...)
	if err != nil {
		return usageError{fmt.Errorf("--file: %w", err)}
	}
	folder, err := golden.Open(dir)
	if err != nil {
		return usageError{err}
	}
	defer folder.Close()
	if !folder.Exists() && !create {
		return usageError{fmt.Errorf("%s does not exist; make it with fitout golden update", dir)}
	}
	comparison, err := folder.Compare(golden.ClustersFrom(g.catalogues(), files))
	if err != nil {
		return err
	}
	return use(folder, comparison)
}
