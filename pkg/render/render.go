// Package render turns a resolved bundle into objects. It is a pure function of files and the cluster file: the same
// input gives the same bytes and the same digest.
package render

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Namespace is where every addon without a namespace of its own lives.
const Namespace = "kube-system"

// Labels of every object that Fitout renders. They are on the objects themselves, never on pod templates, and none of
// them depends on another addon: a bump of one addon changes no other addon's objects and restarts no pod by itself.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by" // fitout
	LabelAddon     = "fitout.dev/addon"             // cilium
	LabelVersion   = "fitout.dev/version"           // 1.20.2
	LabelBundle    = "fitout.dev/bundle"            // 1.36
)

// ManagedBy is the value of LabelManagedBy.
const ManagedBy = "fitout"

// A Rendering is everything that a cluster gets.
type Rendering struct {
	Bundle string // the Kubernetes minor
	Addons []Addon
	Digest string            // over all objects of all addons, as they are without mirrors
	API    *kubeapi.Snapshot // of the minor

	Mirrors     image.Mirrors     // that images of the objects are pulled from
	NodeMirrors image.Mirrors     // that the nodes' container runtimes are told of
	Rewritten   []image.Rewritten // images of the objects that are at the mirrors

	Warnings []string // what patches of the cluster file delete, and which have no effect
	patches  *patchLog
}

// An Addon is the objects of one addon, in the order of their IDs.
type Addon struct {
	bundle.Addon
	Line    string
	Version string
	Objects []*manifest.Object
	Created []*manifest.Object // definitions that the addon's controllers create, as far as they are known
	Digest  string             // over the addon's objects as they are without mirrors
	Applied string             // over the objects as they are: Digest, unless images come from mirrors
}

// Objects returns the objects of all addons, addon after addon.
func (r *Rendering) Objects() []*manifest.Object {
	var all []*manifest.Object
	for _, a := range r.Addons {
		all = append(all, a.Objects...)
	}
	return all
}

// Bundle renders a resolved bundle. The error is a strictyaml.Faults where a user's patch or setting is at fault.
func Bundle(r *bundle.Resolved) (*Rendering, error) { return new(Renderer).Bundle(r) }

// collect adds the faults in err to those found before, and returns any other error.
func collect(faults *strictyaml.Faults, err error) error {
	var found strictyaml.Faults
	if errors.As(err, &found) {
		*faults = append(*faults, found...)
		return nil
	}
	return err
}

// renderAddon runs the addon's chart, then the bundle's patches, then the user's resources and pod settings.
func renderAddon(r bundle.ResolvedAddon, cluster clusterfile.Cluster, served []string) (Addon, error) {
	objects, err := objectsOf(r, cluster, served)
	if err != nil {
		return Addon{}, err
	}
	addons := []Addon{{Addon: r.Addon, Line: r.Line, Version: r.Version, Objects: objects, Created: expected(r.Addon, served)}}
	if _, err := patchAll(addons, r.Patches); err != nil {
		return Addon{}, fmt.Errorf("the bundle's patches: %v", err) // no fault of the user's
	}
	pods := podSettings{addon: r.Name, pullSecrets: cluster.ImagePullSecrets, all: r.Pods, workloads: r.Workloads}
	var faults strictyaml.Faults
	for _, err := range []error{setResources(addons[0].Objects, r.Name, r.Resources), pods.setPods(addons[0].Objects)} {
		if err := collect(&faults, err); err != nil {
			return Addon{}, err
		}
	}
	return addons[0], faults.ErrorOrNil()
}

// finish labels and sorts what was rendered, checks it as a whole and computes the digests. Those that are done need none of it.
// folders are those of the addons.
func (r *Rendering) finish(done map[string]bool, folders map[string]string) error {
	owner := map[manifest.ID]string{}
	kinds := r.Kinds()
	for _, o := range r.Created() {
		owner[manifest.IDOf(o)] = o.GetLabels()[LabelAddon]
	}
	for i := range r.Addons {
		a := &r.Addons[i]
		if !done[a.Name] {
			if err := a.finish(kinds, r.Bundle); err != nil {
				return failed(a.Name, folders[a.Name], err)
			}
		}
		for _, o := range a.Objects {
			if other, twice := owner[manifest.IDOf(o)]; twice {
				return failed(a.Name, cmp.Or(folders[a.Name], folders[other]), fmt.Errorf("%s is of addon %s and of addon %s; each object has one owner", manifest.IDOf(o), other, a.Name))
			}
			owner[manifest.IDOf(o)] = a.Name
		}
	}
	var err error
	r.Digest, err = manifest.Digest(r.Objects())
	return err
}

// finish labels and sorts the objects of one addon, checks them and computes their digest.
func (a *Addon) finish(kinds manifest.Kinds, minor string) error {
	manifest.Sort(a.Objects)
	for _, o := range a.Objects {
		if err := verify(o, kinds); err != nil {
			return err
		}
		label(o, a.Name, a.Version, minor)
	}
	var err error
	a.Digest, err = manifest.Digest(a.Objects)
	a.Applied = a.Digest
	return err
}

// verify checks that the API serves an object's kind and that its namespace fits its scope.
func verify(o *manifest.Object, kinds manifest.Kinds) error {
	_, resource, err := kinds.Of(o)
	if err != nil {
		return err
	}
	switch id := manifest.IDOf(o); {
	case resource.Namespaced && id.Namespace == "":
		return fmt.Errorf("%s: has no namespace; write metadata.namespace in the template", id)
	case !resource.Namespaced && id.Namespace != "":
		return fmt.Errorf("%s: has a namespace, but its kind is cluster-scoped; remove metadata.namespace", id)
	}
	return nil
}

func label(o *manifest.Object, addon, version, minor string) {
	labels := maps.Clone(o.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	labels[LabelManagedBy] = ManagedBy
	labels[LabelAddon] = addon
	labels[LabelVersion] = version
	labels[LabelBundle] = minor
	o.SetLabels(labels)
}
