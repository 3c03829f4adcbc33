package main

import (
	"fmt"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// oldestModern is the oldest minor whose bundle is held to every rule. Addons of 2020 are what they were: their pods are held
// to those that are Fitout's own choice, seccomp and tokens.
const oldestModern = "1.34"

// A renderedBundle is every object that any combination of a minor renders; of one that differs between combinations,
// every form.
type renderedBundle struct {
	minor   string
	objects []*manifest.Object
}

// modern reports whether every rule holds for the bundle.
func (b renderedBundle) modern() bool { return clusterfile.CompareMinors(b.minor, oldestModern) >= 0 }

func renderedBundles() ([]renderedBundle, error) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		return nil, err
	}
	var all []renderedBundle
	for _, minor := range catalogue.Minors() {
		b, err := renderAll(catalogue, minor)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func renderAll(catalogue *bundle.Catalogue, minor string) (renderedBundle, error) {
	b, seen := renderedBundle{minor: minor}, map[string]bool{}
	for _, combo := range combination.Of(catalogue, minor) {
		plan, err := fitout.Prepare(catalogue, combo.File, nil, nil)
		if err != nil {
			return b, fmt.Errorf("%s %s: %w", minor, combo.Name(), err)
		}
		for _, o := range plan.Rendering.Objects() {
			digest, err := manifest.Digest([]*manifest.Object{o})
			if err != nil {
				return b, err
			}
			if !seen[digest] {
				seen[digest] = true
				b.objects = append(b.objects, o)
			}
		}
	}
	return b, nil
}

// A pod is what an object makes pods of.
type pod struct {
	owner     string // DaemonSet kube-system/cilium
	namespace string
	meta      metav1.ObjectMeta
	spec      corev1.PodSpec
}

// podsOf returns the pods that objects make.
func podsOf(objects []*manifest.Object) ([]pod, error) {
	var all []pod
	for _, o := range objects {
		id := manifest.IDOf(o)
		switch id.Kind {
		case "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Job":
		case "Pod", "CronJob":
			return nil, fmt.Errorf("%s: a %s is not judged yet; render a DaemonSet, a Deployment or a Job", id, id.Kind)
		default:
			continue
		}
		var maker struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &maker); err != nil {
			return nil, fmt.Errorf("%s: its pod template cannot be read: %w; mend the chart", id, err)
		}
		all = append(all, pod{owner: id.String(), namespace: id.Namespace, meta: maker.Spec.Template.ObjectMeta, spec: maker.Spec.Template.Spec})
	}
	return all, nil
}
