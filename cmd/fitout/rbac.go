package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/access"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// rbacOptions is what the rbac command takes besides the description of the cluster.
type rbacOptions struct {
	input
	check    bool
	agents   bool
	upgrade  bool
	replaces string
	account  string
	output   string
}

func rbacCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &rbacOptions{input: input{in: streams.In}}
	c := &cobra.Command{
		Use:   "rbac",
		Short: "Print the exact rights that a run needs: a ServiceAccount, its roles and their bindings",
		Long: `Rbac prints what an administrator creates once, so that fitout up can run as a ServiceAccount with just the rights that
it needs for this bundle: no wildcard, changes limited to the objects of the bundle by name. It needs no cluster and no
network. Give it the same cluster file and flags as up. docs/access.md says what the rights are worth.`,
		Example: `  fitout rbac -f cluster.yaml | kubectl apply -f -
  fitout rbac --check --service-account monitoring/fitout`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c, streams) },
	}
	o.register(c)
	c.Flags().BoolVar(&o.check, "check", false, "only what fitout check needs: no right to change anything")
	c.Flags().BoolVar(&o.agents, "agents", false, "also the right to run commands in the pods of agents, for the probe agent-status; who has it is root on every node")
	c.Flags().BoolVar(&o.upgrade, "upgrade", false, "also what fitout upgrade takes: to list PodDisruptionBudgets, to read the API server's metrics, and to delete pods in the namespace of the pod network, which replaces those of one node first")
	c.Flags().StringVar(&o.replaces, "replaces", "", "cluster file of what is there now: also the right to remove what only it has")
	c.Flags().StringVar(&o.account, "service-account", "", "NAMESPACE/NAME of the ServiceAccount (kube-system/fitout; kube-system/fitout-check with --check)")
	c.Flags().StringVarP(&o.output, "output", "o", "yaml", "format: yaml, json or name")
	return c
}

func (o *rbacOptions) run(c *cobra.Command, streams genericiooptions.IOStreams) error {
	print, ok := manifestPrinters[o.output]
	if !ok {
		return usageError{fmt.Errorf("--output is %q; use yaml, json or name", o.output)}
	}
	account, err := o.to()
	if err != nil {
		return usageError{err}
	}
	if o.check && o.upgrade {
		return usageError{errors.New("--check and --upgrade exclude each other: an upgrade changes the cluster; use one")}
	}
	plan, err := o.offline(c.Flags())
	if err != nil {
		return err
	}
	announce(streams.ErrOut, plan)
	run := o.accessOf(plan)
	if o.replaces != "" {
		if run.Replaced, err = o.before(); err != nil {
			return err
		}
		run.Kinds = manifest.KindsOf(slices.Concat(run.Replaced, run.Objects, run.Sought))
	}
	objects, err := access.Grant(run, account)
	if err != nil {
		return err
	}
	return print(streams.Out, objects)
}

// before are the objects of the cluster file that is replaced.
func (o *rbacOptions) before() ([]*manifest.Object, error) {
	old := input{in: o.in}
	none := &cobra.Command{} // the flags describe the new one
	old.register(none)
	old.file, old.given = o.replaces, o.given
	plan, err := old.offline(none.Flags())
	if err != nil {
		return nil, err
	}
	return plan.Rendering.Objects(), nil
}

// to is the ServiceAccount that the flag names, or the usual one.
func (o *rbacOptions) to() (access.Account, error) {
	text := o.account
	switch {
	case text == "" && o.check:
		text = "kube-system/fitout-check"
	case text == "":
		text = "kube-system/fitout"
	}
	namespace, name, _ := strings.Cut(text, "/")
	if len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return access.Account{}, fmt.Errorf("--service-account is %q; give NAMESPACE/NAME, such as kube-system/fitout", text)
	}
	return access.Account{Namespace: namespace, Name: name}, nil
}

// accessOf is the run that rights are asked for.
func (o *rbacOptions) accessOf(p *fitout.Plan) access.Run {
	ranges := p.Rendering.API.Versions(schema.GroupKind{Group: "networking.k8s.io", Kind: "ServiceCIDR"})
	var agents []string
	if o.agents {
		agents = probes.AgentNamespaces(p.Rendering.Addons)
	}
	return access.Run{
		Upgrade: o.upgrade, Networks: p.NetworkNamespaces(), Agents: agents, Objects: p.Rendering.Objects(), Sought: p.Sought(), Kinds: p.Kinds, ReadOnly: o.check,
		ServerSide:   cluster.AppliesServerSide(p.Cluster.KubernetesVersion),
		ServiceCIDRs: slices.Contains(ranges, "v1"),
	}
}
