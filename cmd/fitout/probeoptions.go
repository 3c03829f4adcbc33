package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"
)

// imageRepository is where releases of the probe's image are.
const imageRepository = "docker.io/fitout/fitout"

// probeOptions are the flags of probes.
type probeOptions struct {
	mode, image, outside string
	class                string
}

func (o *probeOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.mode, "probe", "auto", "whether to start pods on the nodes: auto (what cannot be tried is unknown), always (it has failed) or never (it is skipped)")
	flags.Lookup("probe").NoOptDefVal = "always"
	flags.StringVar(&o.image, "probe-image", releasedImage(), "image of those pods, which make image builds")
	flags.StringVar(&o.outside, "probe-outside", "", "a name outside the cluster that the cluster DNS is to find, such as example.org")
	flags.StringVar(&o.class, "probe-storage", "", "make a volume of this StorageClass, write to it, move it to another node, read, and delete it; without a name the default class")
	flags.Lookup("probe-storage").NoOptDefVal = probes.DefaultClass
}

// releasedImage is the probe's image of this release; none of a build that is no release.
func releasedImage() string {
	if release == "" {
		return ""
	}
	return imageRepository + ":" + release
}

// validate refuses what cannot be done, before anything is.
func (o *probeOptions) validate(only []string, goesOn bool) error {
	if o.class == "" && slices.ContainsFunc(only, func(name string) bool { return path.Base(name) == probes.StorageClaim }) {
		return usageError{errors.New("--only storage-claim makes no claim by itself; add --probe-storage, or --probe-storage=CLASS")}
	}
	if o.class != "" && o.class != probes.DefaultClass && len(validation.IsDNS1123Subdomain(o.class)) > 0 {
		return usageError{fmt.Errorf("--probe-storage is %q, which is no name of a StorageClass; give one as --probe-storage=NAME", o.class)}
	}
	if o.class != "" && goesOn {
		return usageError{errors.New("--probe-storage makes a volume once; leave out --watch and --during")}
	}
	if !slices.Contains([]string{"auto", "always", "never"}, o.mode) {
		return usageError{fmt.Errorf("--probe is %q; use auto, always or never", o.mode)}
	}
	return nil
}

// known refuses a claim of a cluster in which no addon brings storage.
func (o *probeOptions) known(checks []check.Row) error {
	if o.class == "" || slices.ContainsFunc(checks, func(r check.Row) bool { return r.Check == probes.StorageClaim }) {
		return nil
	}
	return usageError{errors.New("--probe-storage: no addon of this cluster brings storage; leave it out, or enable one")}
}

// absent says why no pods are to be started; it is empty where they are.
func (o *probeOptions) absent() string {
	switch {
	case o.mode == "never":
		return "no pod is started with --probe=never"
	case o.image == "":
		return "no image for probe pods: this is no release; make image builds one, --probe-image names it"
	}
	return ""
}

// options say how a cluster is probed, with the image from its mirror. Another process cleans up should this one be killed.
func (o *probeOptions) options(run *runOptions, plan *fitout.Plan, selected fitout.Selection, flags *pflag.FlagSet) fitout.ProbeOptions {
	image := plan.Pulled(o.image)
	return fitout.ProbeOptions{
		Run: rand.String(10), Image: image, Absent: o.absent(), Declined: o.mode == "never", Required: o.mode == "always", Outside: o.outside, Start: time.Minute,
		Select: selected, Settle: run.fitout.Settle, Class: o.class,
		Guard: func(namespace string) (opened func(types.UID), release func(), err error) {
			if opened, release, err = startJanitor(run.kube, flags, namespace); err == nil {
				printable.Fprintf(run.streams.ErrOut, "probing from pods of %s in the namespace %s\n", image, namespace)
			}
			return opened, release, err
		},
	}
}
