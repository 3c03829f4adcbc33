package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// input is the part of the command line that describes the cluster: the cluster file and the flags that go before it.
type input struct {
	catalogueFlag
	file   string
	to     string // Kubernetes version that the cluster is to be upgraded to; "" for the one that it has
	in     io.Reader
	opened openedFile
}

// openedFile is a cluster file that was read, or why it was not.
type openedFile struct {
	done bool
	file clusterfile.File
	err  error
}

// overrides are the flags that set a field of the cluster file.
var overrides = []struct{ flag, field, usage string }{
	{"kubernetes", "kubernetesVersion", "Kubernetes version of the cluster, such as v1.36.4 or 1.36"},
	{"name", "name", "name of the cluster, for reports"},
	{"cni", "cni", "pod network: the name of an addon, or none"},
	{"ingress", "ingress", "ingress controller: the name of an addon, or none"},
	{"control-plane", "controlPlane", "where the control plane runs: managed (outside) or in-cluster"},
	{"kube-proxy", "kubeProxy.enabled", "whether kube-proxy runs: true or false"},
	{"kube-proxy-mode", "kubeProxy.mode", "how kube-proxy works: iptables, ipvs or nftables"},
	{"csi", "csi", "CSI driver: the name of an addon, or none"},
	{"pod-cidr", "network.podCIDR", "range of the pod addresses"},
	{"service-cidr", "network.serviceCIDR", "range of the Service addresses"},
	{"dns-address", "network.dnsAddress", "address of the cluster DNS Service"},
	{"api-endpoint", "network.apiEndpoint", "URL at which nodes reach the API server"},
}

// fileFlag is the flag of the cluster file. A second one would make the first go without a word.
type fileFlag struct {
	file  *string
	given bool
}

func (f *fileFlag) String() string { return *f.file }
func (f *fileFlag) Type() string   { return "string" }

func (f *fileFlag) Set(file string) error {
	if f.given {
		return errors.New("is given twice; name one cluster file, and lay other values over it with flags such as --cni")
	}
	*f.file, f.given = file, true
	return nil
}

func (i *input) register(c *cobra.Command) {
	i.registerFile(c)
	for _, o := range overrides {
		c.Flags().String(o.flag, "", o.usage)
	}
	i.complete(c)
}

// registerFile registers the flags of the cluster file and of the catalogues.
func (i *input) registerFile(c *cobra.Command) {
	c.Flags().VarP(&fileFlag{file: &i.file}, "file", "f", "cluster file; - reads standard input. fitout explain documents it")
	i.catalogueFlag.register(c)
}

// load returns the catalogue: what is embedded, what the cluster file lays over it, and what the flag does. Faults of the file are for
// read to report.
func (i *input) load() (*bundle.Catalogue, error) {
	layers, err := i.layers()
	if err != nil {
		return nil, err
	}
	return i.catalogueFlag.read(layers)
}

// layers are the catalogues that the cluster file names, and those of the flag over them.
func (i *input) layers() ([]layer, error) {
	if i.file == "" {
		return i.over(nil, "."), nil
	}
	file, err := i.open()
	var faults strictyaml.Faults
	if err != nil && !errors.As(err, &faults) {
		return nil, err
	}
	return i.over(layersOf(file, i.file), folderOf(i.file)), nil
}

// read reads the cluster file and lays the flags over it. faults holds what is wrong with them, which Prepare reports
// together with what it finds itself; err is any other failure.
func (i *input) read(flags *pflag.FlagSet) (file clusterfile.File, faults, err error) {
	var found strictyaml.Faults
	if f := flags.Lookup("file"); f != nil && f.Changed && i.file == "" {
		return file, nil, usageError{errors.New("--file is empty; name the cluster file, or leave the flag out")}
	}
	if i.file != "" {
		if file, err = i.open(); err != nil && !errors.As(err, &found) {
			return file, nil, err
		}
		if len(found) == 1 && found[0].Field == "" {
			return file, nil, found // the file cannot be read as a whole: nothing else can be said of it
		}
	}
	for _, o := range overrides {
		var wrong strictyaml.Faults
		if f := flags.Lookup(o.flag); f.Changed && errors.As(file.Set("--"+o.flag, o.field, f.Value.String()), &wrong) {
			found = append(found, wrong...)
		}
	}
	var wrong strictyaml.Faults
	if i.to != "" && errors.As(file.Set("--to", "kubernetesVersion", i.to), &wrong) {
		found = append(found, wrong...)
	}
	return file, found.ErrorOrNil(), nil
}

// open reads the cluster file once: it may be standard input.
func (i *input) open() (clusterfile.File, error) {
	if !i.opened.done {
		file, err := i.readFile()
		i.opened = openedFile{true, file, err}
	}
	return i.opened.file, i.opened.err
}

func (i *input) readFile() (clusterfile.File, error) {
	if i.file == "-" {
		return clusterfile.Read("standard input", i.in)
	}
	f, err := os.Open(i.file)
	if err != nil {
		return clusterfile.File{}, usageError{fmt.Errorf("cluster file: %w", err)}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return clusterfile.File{}, usageError{fmt.Errorf("cluster file: %s is a folder; name a file", i.file)}
	}
	return clusterfile.Read(i.file, f)
}

// offline prepares a plan from files alone.
func (i *input) offline(flags *pflag.FlagSet) (*fitout.Plan, error) {
	catalogue, err := i.load()
	if err != nil {
		return nil, err
	}
	return i.prepare(catalogue, flags)
}

func (i *input) prepare(catalogue *bundle.Catalogue, flags *pflag.FlagSet) (*fitout.Plan, error) {
	file, faults, err := i.read(flags)
	if err != nil {
		return nil, err
	}
	return fitout.Prepare(catalogue, file, nil, faults)
}

// online connects to the cluster, asks for its facts and prepares a plan. Faults that can be found without the cluster
// are reported without it.
func (i *input) online(ctx context.Context, flags *pflag.FlagSet, kube *genericclioptions.ConfigFlags, options cluster.Options) (*cluster.Client, *fitout.Plan, error) {
	catalogue, err := i.load()
	if err != nil {
		return nil, nil, err
	}
	file, faults, err := i.read(flags)
	if err != nil {
		return nil, nil, err
	}
	if faults != nil {
		_, err := fitout.Prepare(catalogue, file, nil, faults)
		return nil, nil, err
	}
	client, facts, err := i.ask(ctx, kube, options)
	if err != nil {
		return nil, nil, err
	}
	if i.to != "" {
		facts = facts.Upgraded(i.to)
	}
	plan, err := fitout.Prepare(catalogue, file, &facts, nil)
	return client, plan, err
}

// ask connects to the cluster and asks for its facts.
func (i *input) ask(ctx context.Context, kube *genericclioptions.ConfigFlags, options cluster.Options) (*cluster.Client, clusterfile.Facts, error) {
	config, err := restConfig(kube)
	if err != nil {
		return nil, clusterfile.Facts{}, usageError{err}
	}
	client, err := cluster.New(ctx, config, options)
	if err != nil {
		return nil, clusterfile.Facts{}, err
	}
	facts, err := client.Facts(ctx)
	if err != nil {
		return nil, facts, fmt.Errorf("ask the cluster about itself: %w", err)
	}
	facts.LocalAddresses = localAddresses()
	return client, facts, nil
}

// localAddresses are the IP addresses of this machine at which others may know it; none if it does not say.
func localAddresses() []string {
	var all []string
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.IsGlobalUnicast() {
			all = append(all, network.IP.String())
		}
	}
	return all
}
