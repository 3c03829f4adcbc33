package fitout

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Storage is what trying a claim needs of a running cluster.
type Storage interface {
	// Claim observes the claim of a run, the named volume or else the claim's, and one of the run's pods.
	Claim(ctx context.Context, namespace, volume, pod string) (probes.ClaimState, error)
	// RemoveObject removes an object that StartProbe created. One that is gone is no error.
	RemoveObject(ctx context.Context, o *manifest.Object) error
}

const (
	// claimWaits is how often a step of a claim waits for the cluster: bound, mounted, let go, mounted, let go, deleted.
	claimWaits = 6
	// fileTime bounds the writing and the reading of a few bytes, all tries together.
	fileTime = 30 * time.Second
	// claimPoll is how often is looked whether a step is done.
	claimPoll = time.Second
)

// claimTime bounds what is done with a claim; it is 0 where none is made.
func (p *Plan) claimTime(o ProbeOptions) time.Duration {
	each, ok := probes.ClaimProbe(o.Select.Probes(p.Rendering.Addons))
	if !ok || o.Class == "" {
		return 0
	}
	return claimWaits*each.Deadline() + 2*(fileTime+attendTimeout)
}

// A volumeTester does the steps of a claim, one after the other, and keeps account of them.
type volumeTester struct {
	cluster  Prober
	survey   probes.Survey
	options  probe.Options
	patience time.Duration // of each step
	account  *probes.ClaimTest
	token    string
	volume   string // once it is known
}

// errStopped ends the steps of a claim; what stopped them is in the account.
var errStopped = errors.New("a step of the claim has failed")

// claim makes a volume, writes to it, moves it to another node, reads, and deletes it. It returns nil where no pod can mount
// one. What it brings is in the namespace of the run, and goes with that where this is interrupted.
func (p *Plan) claim(ctx context.Context, cluster Prober, o ProbeOptions, survey probes.Survey) *probes.ClaimTest {
	known, ok := probes.ClaimProbe(o.Select.Probes(p.Rendering.Addons))
	if !ok || o.Class == "" || survey.Environment.NoPods != "" || len(survey.ClaimNodes(nil)) == 0 {
		return nil
	}
	class, called, why := survey.ClaimClass(o.Class)
	c := &volumeTester{
		cluster: cluster, survey: survey, options: p.probe(o), patience: known.Deadline(), token: rand.Text(),
		account: &probes.ClaimTest{Class: called},
	}
	if why != "" {
		c.add(probes.ClaimResult{Step: probes.ClaimCreate, Error: why})
		return c.account
	}
	name := o.Class
	if name == probes.DefaultClass {
		name = "" // that the cluster gives its default to a claim without a class is part of what is tried
	}
	claim := c.options.Claim(name)
	err := c.use(ctx, claim, probes.BindsFirst(class))
	if ctx.Err() == nil {
		c.remove(ctx, claim, err == nil)
	}
	return c.account
}

func (c *volumeTester) add(r probes.ClaimResult) { c.account.Steps = append(c.account.Steps, r) }

// step does one step and accounts for it. where is known before it is done, or told by what does it.
func (c *volumeTester) step(step probes.ClaimStep, where string, do func() (node string, err error)) error {
	start := time.Now()
	node, err := do()
	r := probes.ClaimResult{Step: step, Node: cmp.Or(node, where), Took: time.Since(start)}
	if err != nil {
		r.Error, r.Refused = err.Error(), apierrors.IsForbidden(err)
		c.add(r)
		return errStopped
	}
	c.add(r)
	return nil
}

// use does all steps but the last.
func (c *volumeTester) use(ctx context.Context, claim *manifest.Object, bindsFirst bool) error {
	err := c.step(probes.ClaimCreate, "", func() (string, error) { return "", c.cluster.StartProbe(ctx, []*manifest.Object{claim}) })
	if err != nil {
		return err
	}
	var sight probes.ClaimState
	if bindsFirst {
		err := c.step(probes.ClaimBind, "", func() (_ string, err error) { sight, err = c.await(ctx, "", probes.ClaimState.NotBound); return })
		if err != nil {
			return err
		}
	}
	first, err := c.mount(ctx, "first", c.survey.ClaimNodes(sight.Volume))
	if err != nil {
		return err
	}
	if err := c.file(ctx, probes.ClaimWrite, probe.Write, first.Pod); err != nil {
		return err
	}
	if err := c.unmount(ctx, first.Pod); err != nil {
		return err
	}
	var nodes []string
	nodes, c.account.Same = c.survey.ClaimElsewhere(first.Volume, first.Pod.Spec.NodeName)
	second, err := c.mount(ctx, "second", nodes)
	if err != nil {
		return err
	}
	if err := c.file(ctx, probes.ClaimRead, probe.Take, second.Pod); err != nil {
		return err
	}
	return c.unmount(ctx, second.Pod)
}

// mount starts a pod on one of the nodes and waits until it runs with the volume.
func (c *volumeTester) mount(ctx context.Context, name string, nodes []string) (sight probes.ClaimState, err error) {
	err = c.step(probes.ClaimMount, "", func() (string, error) {
		pod, err := c.options.ClaimPod(name, nodes)
		if err != nil {
			return "", err
		}
		if err := c.cluster.StartProbe(ctx, []*manifest.Object{pod}); err != nil {
			return "", err
		}
		sight, err = c.await(ctx, name, c.survey.NotMounted)
		if sight.Pod == nil {
			return "", err
		}
		return sight.Pod.Spec.NodeName, err
	})
	return sight, err
}

// file does something with the file of the run, in a pod.
func (c *volumeTester) file(ctx context.Context, step probes.ClaimStep, kind probe.Kind, pod *corev1.Pod) error {
	return c.step(step, pod.Spec.NodeName, func() (string, error) {
		ctx, cancel := context.WithTimeout(ctx, fileTime+attendTimeout)
		defer cancel()
		results, err := c.cluster.Ask(ctx, *pod, []probe.Task{{
			ID: string(kind), Kind: kind, Path: probe.VolumeFolder + "/" + c.options.Namespace(), Text: c.token, Timeout: metav1.Duration{Duration: fileTime},
		}})
		switch {
		case err != nil:
			return "", err
		case len(results) != 1:
			return "", fmt.Errorf("pod %s gave %d answers to one task", pod.Name, len(results))
		case !results[0].OK:
			return "", errors.New(results[0].Error)
		}
		return "", nil
	})
}

// unmount removes a pod and waits until its node has let the volume go.
func (c *volumeTester) unmount(ctx context.Context, pod *corev1.Pod) error {
	return c.step(probes.ClaimUnmount, pod.Spec.NodeName, func() (string, error) {
		if err := c.cluster.RemoveObject(ctx, manifestOf("Pod", pod.Namespace, pod.Name)); err != nil {
			return "", err
		}
		_, err := c.await(ctx, pod.Name, probes.ClaimState.StillMounted)
		return "", err
	})
}

// remove deletes the claim and what is left of its pods, and waits until the volume is gone. After a step that failed that is
// no step of its own: only what stays behind is told.
func (c *volumeTester) remove(ctx context.Context, claim *manifest.Object, used bool) {
	gone := func() (_ string, err error) {
		for _, o := range []*manifest.Object{claim, manifestOf("Pod", claim.GetNamespace(), "first"), manifestOf("Pod", claim.GetNamespace(), "second")} {
			if err := c.cluster.RemoveObject(ctx, o); err != nil {
				return "", err
			}
		}
		sight, err := c.await(ctx, "", probes.ClaimState.Remains)
		if err == nil {
			c.account.Left = sight.Leaves()
		}
		return "", err
	}
	if used {
		c.step(probes.ClaimDelete, "", gone) //nolint:errcheck // it is the last one
		return
	}
	if _, err := gone(); err != nil {
		c.account.Left = "not deleted: " + err.Error()
	}
}

// await looks until there is nothing unmet, within the time of a step. The error says what was unmet at the last.
func (c *volumeTester) await(ctx context.Context, pod string, unmet func(probes.ClaimState) string) (probes.ClaimState, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	var last probes.ClaimState
	why := "nothing was seen"
	for {
		sight, err := c.cluster.Claim(ctx, c.options.Namespace(), c.volume, pod)
		switch {
		case err == nil:
			last = sight
			if sight.Volume != nil {
				c.volume = sight.Volume.Name
			}
			if why = unmet(sight); why == "" {
				return sight, nil
			}
		case ctx.Err() == nil:
			return last, err
		}
		if concurrent.Sleep(ctx, claimPoll) != nil {
			return last, fmt.Errorf("not within %s: %s", c.patience, why)
		}
	}
}

// manifestOf names an object of the core group that is to be removed.
func manifestOf(kind, namespace, name string) *manifest.Object {
	o := &manifest.Object{}
	o.SetAPIVersion("v1")
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}
