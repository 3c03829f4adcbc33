package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/access"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/job"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// jobOptions is what the job command takes besides the cluster file.
type jobOptions struct {
	rbacOptions
	job        job.Options
	kubeconfig string
	inside     bool
}

func jobCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &jobOptions{rbacOptions: rbacOptions{input: input{in: streams.In}}}
	c := &cobra.Command{
		Use:   "job --image IMAGE@DIGEST (--kubeconfig-secret NAME[/KEY] | --in-cluster) [-- FLAGS]",
		Short: "Print a Kubernetes Job that fits out a cluster, or a CronJob that checks it",
		Long: `Job prints what runs fitout up as a Kubernetes Job: in a management cluster, with the kubeconfig of the cluster in a Secret (--kubeconfig-secret; Cluster API's is
CLUSTER-kubeconfig/value), or in the new cluster itself (--in-cluster), with a service account that has the permissions of this bundle, on the host's network and any node, because no
network is there yet. The Job tries again what can pass by itself: a failure, a cluster that works in part, one without nodes. Invalid input and a refusal end it.
With --schedule it is a CronJob that runs fitout check. FLAGS behind -- go to fitout up or check.

The image is that of make image, by digest. The pod is of the restricted level of pod security, but for the host's network with --in-cluster.`,
		Example: `  fitout job -f cluster.yaml --image registry.example.com/fitout@sha256:... --kubeconfig-secret eu-1-kubeconfig/value | kubectl apply -f -
  fitout job -f cluster.yaml --image registry.example.com/fitout@sha256:... --in-cluster
  fitout job -f cluster.yaml --image registry.example.com/fitout@sha256:... --in-cluster --schedule '*/30 * * * *'`,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, streams, args) },
	}
	o.register(c)
	flags := c.Flags()
	flags.StringVar(&o.job.Image, "image", "", "image of fitout, by digest")
	flags.StringVar(&o.kubeconfig, "kubeconfig-secret", "", "NAME[/KEY] of the Secret that holds the kubeconfig of the cluster; KEY is value unless it is given")
	flags.BoolVar(&o.inside, "in-cluster", false, "run in the cluster itself, with a service account of its own")
	flags.StringVar(&o.job.Schedule, "schedule", "", "when to check, as cron writes it (*/30 * * * *): a CronJob")
	flags.StringVar(&o.job.Namespace, "namespace", "", "namespace of the Job (fitout; kube-system with --in-cluster)")
	flags.StringVar(&o.job.Name, "job-name", "", "name of the Job (fitout-CLUSTER)")
	flags.DurationVar(&o.job.Deadline, "deadline", time.Hour, "how long the Job may take with all its tries")
	flags.IntVar(&o.job.Tries, "tries", 6, "how often a run that failed is tried again")
	flags.StringSliceVar(&o.job.Pull, "image-pull-secret", nil, "Secret for pulling the image; repeatable")
	flags.StringVarP(&o.output, "output", "o", "yaml", "format: yaml, json or name")
	return c
}

// cronSchedule is what a CronJob takes: five fields, or a word such as @hourly.
var cronSchedule = regexp.MustCompile(`^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9*/,A-Za-z?-]+( +[0-9*/,A-Za-z?-]+){4})$`)

// validate refuses what cannot be, all at once.
func (o *jobOptions) validate(args []string) error {
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, usageError{fmt.Errorf(format, a...)}) }
	if ref, err := image.Parse(o.job.Image); err != nil || ref.Digest == "" {
		wrong("--image is %q; give the image by digest, such as registry.example.com/fitout@sha256:...", o.job.Image)
	}
	if (o.kubeconfig == "") != o.inside {
		wrong("give either --kubeconfig-secret, for a Job in a management cluster, or --in-cluster, for one in the cluster itself")
	}
	if o.job.Schedule != "" && !cronSchedule.MatchString(o.job.Schedule) {
		wrong("--schedule is %q; give five fields such as '*/30 * * * *', or @hourly", o.job.Schedule)
	}
	if o.job.Deadline < time.Minute || o.job.Tries < 0 || o.job.Tries > 100 {
		wrong("--deadline is %v and --tries %d; give a minute or more, and 0 to 100", o.job.Deadline, o.job.Tries)
	}
	for _, name := range o.job.Pull {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			wrong("--image-pull-secret is %q; give the name of a Secret", name)
		}
	}
	if slices.ContainsFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") }) {
		wrong("%q behind -- is no flag; write values as --FLAG=VALUE", args)
	}
	return errors.Join(errs...)
}

func (o *jobOptions) run(c *cobra.Command, streams genericiooptions.IOStreams, args []string) error {
	print, ok := manifestPrinters[o.output]
	if !ok {
		return usageError{fmt.Errorf("--output is %q; use yaml, json or name", o.output)}
	}
	err := o.validate(args)
	for _, name := range append(overriding(), "catalogue") {
		if c.Flags().Changed(name) {
			err = errors.Join(err, usageError{fmt.Errorf("--%s would not be in the Job; write it into the cluster file", name)})
		}
	}
	if err != nil {
		return err
	}
	plan, err := o.offline(c.Flags())
	if err != nil {
		return err
	}
	announce(streams.ErrOut, plan)
	if folders := plan.Cluster.Catalogues; len(folders) > 0 {
		return usageError{fmt.Errorf("catalogues names %s, which the pod of the Job does not have; put them into the image, or push what the cluster gets with fitout pack and fitout push, and apply it with up --bundle", strings.Join(folders, ", "))}
	}
	o.settle(plan, args)
	if err := o.names(); err != nil {
		return err
	}
	if o.job.ClusterFile, err = o.text(); err != nil {
		return err
	}
	var objects []*manifest.Object
	if o.inside {
		if objects, err = o.granted(plan); err != nil {
			return err
		}
	}
	made, err := job.Objects(o.job)
	if err != nil {
		return usageError{err}
	}
	return print(streams.Out, append(objects, made...))
}

// settle fills what the flags leave open.
func (o *jobOptions) settle(plan *fitout.Plan, args []string) {
	o.check = o.job.Schedule != ""
	verb := "up"
	if o.check {
		verb = "check"
	}
	o.job.Args = append([]string{verb, "--output=json"}, args...)
	o.job.Endpoint = plan.Cluster.Network.APIEndpoint
	if o.job.Name == "" {
		o.job.Name = "fitout-" + plan.Cluster.Name
		if o.check {
			o.job.Name = "fitout-check-" + plan.Cluster.Name
		}
	}
	if o.job.Namespace == "" {
		o.job.Namespace = "fitout"
		if o.inside {
			o.job.Namespace = "kube-system"
		}
	}
	if o.kubeconfig != "" {
		o.job.Kubeconfig.Name, o.job.Kubeconfig.Key, _ = strings.Cut(o.kubeconfig, "/")
		if o.job.Kubeconfig.Key == "" {
			o.job.Kubeconfig.Key = "value" // as Cluster API names it
		}
	}
}

// names refuses names that Kubernetes does not take.
func (o *jobOptions) names() error {
	switch {
	case len(validation.IsDNS1123Label(o.job.Name)) > 0 || len(o.job.Name) > 52: // a CronJob adds eleven characters
		return usageError{fmt.Errorf("the Job's name is %q; give --job-name, a name of at most 52 lower case letters, digits and dashes", o.job.Name)}
	case len(validation.IsDNS1123Label(o.job.Namespace)) > 0:
		return usageError{fmt.Errorf("--namespace is %q; give the name of a namespace", o.job.Namespace)}
	case o.kubeconfig != "" && (len(validation.IsDNS1123Subdomain(o.job.Kubeconfig.Name)) > 0 || len(validation.IsConfigMapKey(o.job.Kubeconfig.Key)) > 0):
		return usageError{fmt.Errorf("--kubeconfig-secret is %q; give NAME/KEY of a Secret", o.kubeconfig)}
	}
	return nil
}

// text is the cluster file as it is; flags that describe the cluster would be lost.
func (o *jobOptions) text() (string, error) {
	if o.file == "" || o.file == "-" {
		return "", usageError{errors.New("a Job wants its cluster file, which goes into a ConfigMap; name it with -f")}
	}
	text, err := os.ReadFile(o.file)
	return string(text), err
}

// granted are the account and the permissions of a run in the cluster itself.
func (o *jobOptions) granted(plan *fitout.Plan) ([]*manifest.Object, error) {
	if endpointOpen(plan) {
		return nil, usageError{errors.New("network.apiEndpoint is open; a Job of the cluster itself needs it in the cluster file, since no Service has an address yet")}
	}
	o.job.Account = "fitout"
	if o.check {
		o.job.Account = "fitout-check"
	}
	return access.Grant(o.accessOf(plan), access.Account{Namespace: o.job.Namespace, Name: o.job.Account})
}
