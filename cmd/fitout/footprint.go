package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/footprint"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// footprintOptions is what the footprint command takes besides the description of the cluster.
type footprintOptions struct {
	input
	size         footprint.Size
	architecture string
	nodes        int
	output       string
}

var footprintPrinters = map[string]func(io.Writer, *footprint.Footprint) error{"table": footprint.Table, "json": footprint.JSON}

func footprintCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &footprintOptions{input: input{in: streams.In}}
	c := &cobra.Command{
		Use:   "footprint",
		Short: "Print what the addons request of each node and of the cluster",
		Long: `Footprint adds up the requests and limits of everything that render prints: of what runs on each node, and of what
runs once, against a node size and the bundle's budget. Pods may request what the node has, less the kubelet's eviction threshold (100Mi) and
what --reserved names. It needs no cluster and no network.`,
		Example: `  fitout footprint --kubernetes 1.36 --cni cilium --ingress traefik
  fitout footprint -f cluster.yaml --node-size medium -o json
  fitout footprint --cores 2 --memory 3900Mi --reserved cpu=100m,memory=300Mi`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			print, ok := footprintPrinters[o.output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use table or json", o.output)}
			}
			node, err := o.node(c.Flags())
			if err != nil {
				return usageError{err}
			}
			catalogue, err := o.load()
			if err != nil {
				return err
			}
			plan, err := o.prepare(catalogue, c.Flags())
			if err != nil {
				return err
			}
			b, _ := catalogue.Bundle(plan.Cluster.Minor()) // there is one: prepare has found it
			return o.run(streams, plan, node, b.Budget, print)
		},
	}
	o.register(c)
	return c
}

func (o *footprintOptions) register(c *cobra.Command) {
	o.input.register(c)
	c.Flags().StringVar(&o.size.Name, "node-size", footprint.DefaultSize, "size of the nodes: "+sizes())
	c.Flags().StringVar(&o.size.Cores, "cores", "", "cores of a node, with --memory instead of --node-size")
	c.Flags().StringVar(&o.size.Memory, "memory", "", "memory of a node, such as 3900Mi, with --cores")
	c.Flags().StringToStringVar(&o.size.Reserved, "reserved", nil, "what the kubelet keeps back from pods, such as cpu=100m,memory=300Mi")
	c.Flags().StringVar(&o.architecture, "arch", "amd64", "architecture of the nodes")
	c.Flags().IntVar(&o.nodes, "nodes", 3, "number of nodes")
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format: table or json")
}

// sizes lists the named sizes: small (3 cores, 4Gi), medium (4 cores, 8Gi).
func sizes() string {
	all, err := footprint.Sizes()
	if err != nil {
		return err.Error()
	}
	var texts []string
	for _, s := range all {
		texts = append(texts, fmt.Sprintf("%s (%s cores, %s)", s.Name, s.Cores, s.Memory))
	}
	return strings.Join(texts, ", ")
}

// node is the node that the flags describe.
func (o *footprintOptions) node(flags *pflag.FlagSet) (footprint.Node, error) {
	if o.nodes < 0 || o.nodes > footprint.MaxNodes {
		return footprint.Node{}, fmt.Errorf("--nodes is %d; give 0 to %d", o.nodes, footprint.MaxNodes)
	}
	size := o.size
	switch given := flags.Changed("cores") || flags.Changed("memory"); {
	case given && flags.Changed("node-size"):
		return footprint.Node{}, errors.New("--node-size has cores and memory of its own; give it, or --cores and --memory")
	case given && (size.Cores == "" || size.Memory == ""):
		return footprint.Node{}, errors.New("--cores and --memory describe a node together; give both")
	case given:
		size.Name = ""
	default:
		named, err := footprint.SizeNamed(size.Name)
		if err != nil {
			return footprint.Node{}, err
		}
		if flags.Changed("reserved") {
			named.Reserved = size.Reserved
		}
		size = named
	}
	return footprint.NodeOf(size, o.architecture)
}

func (o *footprintOptions) run(streams genericiooptions.IOStreams, plan *fitout.Plan, node footprint.Node, budget bundle.Budget,
	print func(io.Writer, *footprint.Footprint) error) error {
	warn(streams.ErrOut, plan.Warnings)
	f, err := footprint.Of(plan.Rendering, node, o.nodes)
	if err != nil {
		return err
	}
	f.Budget = budget
	return print(streams.Out, f)
}
