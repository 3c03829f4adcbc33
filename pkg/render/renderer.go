package render

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Renderer renders the bundles of many clusters of one catalogue. What an addon renders to depends on its resolved values
// and settings alone, so that clusters that have them alike share the objects: nobody may change an object of its renderings.
// The zero value is ready; it is not for several goroutines at once.
type Renderer struct {
	known map[key]Addon
}

// key is the digest of everything that an addon's objects depend on.
type key [sha256.Size]byte

// mostKnown bounds the memory of a Renderer: 500 addons are about 30 MB.
const mostKnown = 500

// Bundle renders a resolved bundle. The error is a strictyaml.Faults where a user's patch or setting is at fault.
func (r *Renderer) Bundle(resolved *bundle.Resolved) (*Rendering, error) {
	api, err := kubeapi.Load(resolved.Minor)
	if err != nil {
		return nil, err
	}
	out := &Rendering{Bundle: resolved.Minor, API: api}
	served := api.APIVersions()
	patches := resolved.Cluster.Patches
	done := map[string]bool{}
	keys, folders := map[string]key{}, map[string]string{}
	var faults strictyaml.Faults
	for _, a := range resolved.Addons {
		k, err := keyOf(a, resolved)
		if err != nil {
			return nil, failed(a.Name, a.Folder, err)
		}
		addon, known := r.known[k]
		if known && len(patches) == 0 {
			done[a.Name] = true
		} else if addon, err = renderAddon(a, resolved.Cluster, served); err != nil {
			err = failed(a.Name, a.Folder, err)
		}
		if err := collect(&faults, err); err != nil {
			return nil, err
		}
		keys[a.Name], folders[a.Name] = k, a.Folder
		out.Addons = append(out.Addons, addon)
	}
	if err := faults.ErrorOrNil(); err != nil {
		return nil, err
	}
	if out.patches, err = patchAll(out.Addons, patches); err != nil {
		return nil, err
	}
	out.Warnings = out.patches.warnings()
	if err := out.defaultClasses(); err != nil {
		return nil, err
	}
	if err := out.finish(done, folders); err != nil {
		return nil, err
	}
	if len(patches) == 0 {
		r.remember(out.Addons, keys)
	}
	return out, out.mirror(resolved.Cluster)
}

// remember keeps addons for clusters that have them alike.
func (r *Renderer) remember(addons []Addon, keys map[string]key) {
	if r.known == nil || len(r.known)+len(addons) > mostKnown {
		r.known = map[key]Addon{}
	}
	for _, a := range addons {
		r.known[keys[a.Name]] = a
	}
}

func keyOf(a bundle.ResolvedAddon, resolved *bundle.Resolved) (key, error) {
	text, err := json.Marshal(struct {
		Minor, Kubernetes, Name, Line, Version string
		Form, Namespace                        string
		Images                                 map[string]string
		Values                                 map[string]any
		Patches                                []clusterfile.Patch
		Resources                              map[string]clusterfile.Resources
		Pods                                   clusterfile.Pods
		Workloads                              map[string]clusterfile.Pods
		PullSecrets                            []string
	}{
		resolved.Minor, resolved.Cluster.KubernetesVersion, a.Name, a.Line, a.Version,
		string(a.Form), a.Namespace, a.Images,
		a.Values, a.Patches, a.Resources, a.Pods, a.Workloads, resolved.Cluster.ImagePullSecrets,
	})
	return sha256.Sum256(text), err
}
