package reliability

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/yaml"
)

// ours selects what Fitout made, of whatever kind.
const ours = "app.kubernetes.io/managed-by=fitout"

// resources are all that the API server serves and that can be listed and deleted. It is asked once: the API that
// metrics-server would serve makes each time last for seconds.
func (s *site) resources() []schema.GroupVersionResource {
	s.Helper()
	if s.served != nil {
		return s.served
	}
	client, err := discovery.NewDiscoveryClientForConfig(s.direct)
	if err != nil {
		s.Fatal(err)
	}
	lists, err := client.ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // metrics-server does not run here
		s.Fatal(err)
	}
	able := discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists)
	set, err := discovery.GroupVersionResources(able)
	if err != nil {
		s.Fatal(err)
	}
	s.served = slices.Collect(maps.Keys(set))
	return s.served
}

// found are the objects of the cluster that Fitout made, with their resources.
func (s *site) found() map[*manifest.Object]schema.GroupVersionResource {
	s.Helper()
	all := map[*manifest.Object]schema.GroupVersionResource{}
	for _, gvr := range s.resources() {
		list, err := s.dynamic.Resource(gvr).List(s.Context(), metav1.ListOptions{LabelSelector: ours})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			s.Fatal(err)
		}
		for i := range list.Items {
			if o := &list.Items[i]; o.GetKind() != "Endpoints" && len(o.GetOwnerReferences()) == 0 { // controllers copy labels
				all[o] = gvr
			}
		}
	}
	return all
}

// narrow makes found look only where there is something now: a look everywhere takes seconds.
func (s *site) narrow() {
	s.Helper()
	used := map[schema.GroupVersionResource]bool{}
	for _, gvr := range s.found() {
		used[gvr] = true
	}
	s.served = slices.Collect(maps.Keys(used))
}

// changing are identities and times, which differ between any two runs.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z`)

// state is what Fitout made, as text: every object with its labels, annotations, generation (which tells how often it was
// changed) and contents, without what the server chooses.
func (s *site) state() string {
	s.Helper()
	objects := slices.Collect(maps.Keys(s.found()))
	manifest.Sort(objects)
	var out strings.Builder
	uids := map[manifest.ID]types.UID{}
	for _, o := range objects {
		uids[manifest.IDOf(o)] = o.GetUID()
	}
	for _, o := range objects {
		if manifest.IDOf(o) == inventory.ID {
			fmt.Fprintf(&out, "---\n%s", s.recorded(o, uids))
			continue
		}
		for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"} {
			unstructured.RemoveNestedField(o.Object, "metadata", field)
		}
		unstructured.RemoveNestedField(o.Object, "status")
		switch o.GetKind() {
		case "Service":
			unstructured.RemoveNestedField(o.Object, "spec", "clusterIP")
			unstructured.RemoveNestedField(o.Object, "spec", "clusterIPs")
		case "Lease": // who held it last, and how often it changed hands
			o.Object = map[string]any{"kind": "Lease", "metadata": map[string]any{"name": o.GetName()}}
		}
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			s.Fatal(err)
		}
		fmt.Fprintf(&out, "---\n%s", changing.ReplaceAll(text, []byte("*")))
	}
	return out.String()
}

// recorded is the inventory as text, but for the UIDs, which must be those of the live objects.
func (s *site) recorded(o *manifest.Object, uids map[manifest.ID]types.UID) string {
	s.Helper()
	record, err := inventory.Parse(o)
	if err != nil {
		s.Fatal(err)
	}
	for i, e := range record.Entries {
		if e.UID != uids[e.ID] {
			s.Errorf("the inventory has %s with the UID %q; the live one's is %q", e.ID, e.UID, uids[e.ID])
		}
		record.Entries[i].UID = ""
	}
	record.ResourceVersion = ""
	text, err := yaml.Marshal(record)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// remove deletes what Fitout made, and waits until it is gone. Pods go in their own time.
func (s *site) remove() {
	s.Helper()
	background := metav1.DeletePropagationBackground
	for range 300 {
		left := s.found()
		if len(left) == 0 {
			return
		}
		for o, gvr := range left {
			s.gone(s.dynamic.Resource(gvr).Namespace(o.GetNamespace()).Delete(s.Context(), o.GetName(), metav1.DeleteOptions{PropagationPolicy: &background}))
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Fatal("what was deleted is still there")
}
