package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/fleet"
	"github.com/fitout-dev/fitout/pkg/golden"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// fleetOptions is what the fleet command takes.
type fleetOptions struct {
	catalogueFlag
	files   []string
	dir     string
	timeout time.Duration
	jobs    int
	output  string

	prepare     sync.Mutex // a catalogue prepares one cluster at a time
	catalogueOf func(clusterfile.File) (*bundle.Catalogue, error)
}

var fleetPrinters = map[string]func(*fleet.Fleet, io.Writer) error{"table": (*fleet.Fleet).Table, "json": (*fleet.Fleet).JSON}

func fleetCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &fleetOptions{}
	c := &cobra.Command{
		Use:   "fleet --kubeconfigs DIR [-f 'clusters/*.yaml']",
		Short: "Check many clusters, and print a row for each",
		Long: `Fleet checks the cluster of every kubeconfig in DIR, as fitout check --probe=never does, several at a time, and prints a row for each: version, bundle, verdict,
addons that have drifted, and the first cause. The cluster file of a cluster is the one whose name field is the name of the kubeconfig's file
without its extension; without one, the cluster itself and the defaults answer. One cluster that does not answer holds up no other.
The exit code is that of the worst cluster. It changes nothing.`,
		Example: "  fitout fleet --kubeconfigs kubeconfigs/ -f 'clusters/*.yaml'\n  fitout fleet --kubeconfigs kubeconfigs/ -o json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context(), streams) },
	}
	o.catalogueFlag.register(c)
	c.Flags().StringArrayVarP(&o.files, "file", "f", nil, "cluster file, pattern of cluster files such as 'clusters/*.yaml', or folder with them; may be repeated")
	c.Flags().StringVar(&o.dir, "kubeconfigs", "", "folder with a kubeconfig for each cluster, named after it: eu-1.yaml, eu-1.kubeconfig or eu-1")
	c.Flags().DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long the check of one cluster may take")
	c.Flags().IntVar(&o.jobs, "jobs", 8, "clusters that are checked at the same time, 1 to 64")
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format: table or json")
	return c
}

func (o *fleetOptions) run(ctx context.Context, streams genericiooptions.IOStreams) error {
	print, ok := fleetPrinters[o.output]
	switch {
	case !ok:
		return usageError{fmt.Errorf("--output is %q; use table or json", o.output)}
	case o.dir == "":
		return usageError{errors.New("--kubeconfigs is missing; name a folder with a kubeconfig for each cluster")}
	case o.jobs < 1 || o.jobs > 64 || o.timeout <= 0:
		return usageError{fmt.Errorf("--jobs is %d and --timeout %v; give 1 to 64, and a time such as 2m", o.jobs, o.timeout)}
	}
	if _, err := o.load(); err != nil { // what is wrong with it is told once
		return err
	}
	o.catalogueOf = o.catalogues()
	members, err := o.members()
	if err != nil {
		return err
	}
	f := fleet.New(concurrent.Map(o.jobs, members, func(m member) fleet.Cluster {
		r, err := o.check(ctx, m)
		return fleet.Of(m.name, r, err)
	}))
	if err := print(f, streams.Out); err != nil {
		return err
	}
	return result(f.ExitCode())
}

// A member is one cluster of the fleet.
type member struct {
	name       string
	kubeconfig string
	file       clusterfile.File
}

// members are the clusters of the kubeconfigs, with their cluster files. Faults of all files are found before a cluster is asked.
func (o *fleetOptions) members() ([]member, error) {
	files, err := o.clusterFiles()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return nil, usageError{fmt.Errorf("--kubeconfigs: %w", err)}
	}
	var all []member
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		m := member{name: strings.TrimSuffix(entry.Name(), filepath.Ext(entry.Name())), kubeconfig: filepath.Join(o.dir, entry.Name())}
		if slices.ContainsFunc(all, func(other member) bool { return other.name == m.name }) {
			return nil, usageError{fmt.Errorf("--kubeconfigs: %s has two files for the cluster %s; keep one", o.dir, m.name)}
		}
		m.file = files[m.name]
		delete(files, m.name)
		all = append(all, m)
	}
	for name, file := range files {
		return nil, usageError{fmt.Errorf("%s is of the cluster %s, which has no kubeconfig in %s; add it, or leave the file out", file.Name, name, o.dir)}
	}
	if len(all) == 0 {
		return nil, usageError{fmt.Errorf("--kubeconfigs: there is no file in %s", o.dir)}
	}
	return all, nil
}

// clusterFiles are the cluster files by the name of their cluster.
func (o *fleetOptions) clusterFiles() (map[string]clusterfile.File, error) {
	byName := map[string]clusterfile.File{}
	if len(o.files) == 0 {
		return byName, nil
	}
	names, err := golden.Files(o.files...)
	if err != nil {
		return nil, usageError{fmt.Errorf("--file: %w", err)}
	}
	var errs []error
	for _, name := range names {
		in := input{file: name}
		file, err := in.open()
		switch other, twice := byName[file.Cluster.Name]; {
		case err != nil:
			errs = append(errs, err)
		case file.Cluster.Name == "":
			errs = append(errs, usageError{fmt.Errorf("%s: name is missing; it says which kubeconfig is the cluster's", name)})
		case twice:
			errs = append(errs, usageError{fmt.Errorf("%s and %s are both of the cluster %s; keep one", other.Name, name, file.Cluster.Name)})
		}
		byName[file.Cluster.Name] = file
	}
	return byName, errors.Join(errs...)
}

// check checks one cluster, within its time.
func (o *fleetOptions) check(ctx context.Context, m member) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	kube := genericclioptions.NewConfigFlags(true)
	kube.KubeConfig = &m.kubeconfig
	in := input{}
	client, facts, err := in.ask(ctx, kube, cluster.Options{NoLogs: true})
	if err != nil {
		return nil, err
	}
	plan, err := o.plan(m.file, facts)
	if err != nil {
		return nil, err
	}
	timing := fitout.DefaultTiming
	timing.Timeout, timing.Settle = o.timeout, 0
	return fitout.Check(ctx, client, plan, fitout.CheckOptions{Timing: timing}, fitout.Silent{})
}

func (o *fleetOptions) plan(file clusterfile.File, facts clusterfile.Facts) (*fitout.Plan, error) {
	o.prepare.Lock()
	defer o.prepare.Unlock()
	catalogue, err := o.catalogueOf(file)
	if err != nil {
		return nil, err
	}
	return fitout.Prepare(catalogue, file, &facts, nil)
}
