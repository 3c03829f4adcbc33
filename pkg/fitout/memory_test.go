package fitout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// memory is a cluster in memory with server-side apply: fields have managers, conflicts are found, and fields that their
// manager no longer applies go. Lists are atomic.
type memory struct {
	objects map[manifest.ID]*manifest.Object
	owners  map[manifest.ID]map[string]fields // by field manager
	record  *manifest.Object                  // the inventory
	holder  string                            // of the lock

	others  provider.Observed
	survey  upgrade.Survey
	kept    map[string]*manifest.Object // renderings, by slot
	version string                      // of the API server
	daemons *machines                   // nil where there are no nodes
	unseen  string                      // what of a namespace cannot be listed

	uids    int
	made    map[types.UID]bool // objects that Fitout created or adopted
	deleted []manifest.ID      // by Fitout
	writes  int                // changes by Fitout
	calls   int
	killAt  int    // the call that ends the process, counted from 1; 0 for none
	after   bool   // the process ends after the call has taken effect, not before
	between func() // what others do before the next call
	fault   func(manifest.ID) error
	// meanwhile is what others do to an object just before a change of it is made.
	meanwhile map[manifest.ID]func()
}

// fields are values by their paths: data|key.
type fields map[string]any

var errKilled = errors.New("killed")

func newMemory() *memory {
	return &memory{objects: map[manifest.ID]*manifest.Object{}, owners: map[manifest.ID]map[string]fields{}, made: map[types.UID]bool{}}
}

// call counts a request; what it returns runs with it, unless the process is killed first.
func (m *memory) call(do func() error) error {
	if m.between != nil {
		m.between()
	}
	m.calls++
	if m.calls == m.killAt && !m.after {
		return errKilled
	}
	err := do()
	if m.calls == m.killAt {
		return errKilled
	}
	return err
}

func (m *memory) Facts(context.Context) (clusterfile.Facts, error) {
	return clusterfile.Facts{KubernetesVersion: m.version}, nil
}

func (m *memory) ServerSide() bool { return true }

func (m *memory) Providers(context.Context, func(provider.Observed) []provider.Source) (provider.Observed, error) {
	return m.others, nil
}

func (m *memory) Diagnose(context.Context, observed.EvidenceRequest) observed.Evidence {
	return observed.Evidence{}
}

func (m *memory) Lock(ctx context.Context, patience time.Duration, waiting func(string)) (context.Context, func(), error) {
	err := m.call(func() error {
		if m.holder != "" {
			return &cluster.LockedError{Holder: m.holder}
		}
		return nil
	})
	return ctx, func() {}, err
}

func (m *memory) Inventory(ctx context.Context) (i *inventory.Inventory, err error) {
	err = m.call(func() error {
		if m.record == nil {
			return nil
		}
		i, err = inventory.Parse(m.record)
		return err
	})
	return i, err
}

func (m *memory) Record(_ context.Context, i *inventory.Inventory) error {
	return m.call(func() error {
		now := ""
		if m.record != nil {
			now = m.record.GetResourceVersion()
		}
		if now != i.ResourceVersion {
			return apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, inventory.Name, errors.New("written by another"))
		}
		o, err := i.Object()
		if err != nil {
			return err
		}
		m.uids++
		m.writes++
		i.ResourceVersion = fmt.Sprint(m.uids)
		o.SetResourceVersion(i.ResourceVersion)
		m.record = o
		return nil
	})
}

func (m *memory) Forget(_ context.Context, i *inventory.Inventory) error {
	return m.call(func() error { m.record = nil; return nil })
}

func (m *memory) Live(_ context.Context, _ manifest.Kinds, objects []*manifest.Object, all func(manifest.ID) bool) (map[manifest.ID]*manifest.Object, error) {
	live := map[manifest.ID]*manifest.Object{}
	return live, m.call(func() error {
		for _, o := range objects {
			if now := m.get(manifest.IDOf(o)); now != nil && (all(manifest.IDOf(o)) || now.GetLabels()["fitout.dev/addon"] != "") {
				live[manifest.IDOf(o)] = now
			}
		}
		return nil
	})
}

func (m *memory) Recorded(_ context.Context, entries []inventory.Entry) (map[manifest.ID]*manifest.Object, error) {
	live := map[manifest.ID]*manifest.Object{}
	return live, m.call(func() error {
		for _, e := range entries {
			if now := m.get(e.ID); now != nil {
				live[e.ID] = now
			}
		}
		return nil
	})
}

func (m *memory) Observe(_ context.Context, _ manifest.Kinds, objects []*manifest.Object) (observed.Snapshot, error) {
	s := observed.Snapshot{Objects: map[manifest.ID]*manifest.Object{}}
	m.reconcile()
	if m.daemons != nil {
		s.Nodes, s.Pods = m.daemons.nodes, slices.Clone(m.daemons.pods)
	}
	return s, m.call(func() error {
		for _, o := range objects {
			if now := m.get(manifest.IDOf(o)); now != nil {
				s.Objects[manifest.IDOf(o)] = now
			}
		}
		return nil
	})
}

func (m *memory) Apply(_ context.Context, _ manifest.Kinds, planned []changeset.Change, dryRun bool) ([]report.Change, error) {
	var outcomes []report.Change
	var errs []error
	for _, c := range planned {
		outcome := report.Change{ID: c.ID}
		var err error
		if c.Action == changeset.Unchanged {
			outcome.Action, outcome.UID = report.Unchanged, c.UID()
		} else {
			err = m.call(func() error { return m.carryOut(c, dryRun, &outcome) })
		}
		if errors.Is(err, errKilled) {
			return outcomes, err
		}
		if err != nil {
			outcome.Action, outcome.Error, outcome.Cause = report.Failed, err.Error(), err
			errs = append(errs, fmt.Errorf("apply %s: %w", c.ID, err))
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, errors.Join(errs...)
}

func (m *memory) carryOut(c changeset.Change, dryRun bool, outcome *report.Change) error {
	if m.fault != nil {
		if err := m.fault(c.ID); err != nil {
			return err
		}
	}
	if dryRun {
		return nil
	}
	m.interfere(c.ID)
	if now := m.objects[c.ID]; c.Action == changeset.Recreate && now != nil && now.GetUID() == c.UID() {
		m.remove(c.ID)
	}
	if c.Action == changeset.Adopt {
		c.Policy = changeset.TakeOver
		if live := m.get(c.ID); live != nil {
			entries, _, err := fieldowner.Inherit(c.Wanted, live)
			if err != nil {
				return err
			}
			m.owners[c.ID] = ownersOf(entries, live)
		}
	}
	before := m.get(c.ID)
	if err := m.apply(c); err != nil {
		return err
	}
	after := m.get(c.ID)
	var by string
	if outcome.Deviation, by = c.Deviated(after, before == nil); outcome.Deviation != changeset.AsDecided {
		outcome.Notes = []string{outcome.Deviation.Told(c.ID, by)}
	}
	switch {
	case before == nil && c.Action == changeset.Recreate:
		outcome.Action = report.Recreated
	case before == nil:
		outcome.Action = report.Created
	case fmt.Sprint(manifest.Contents(before)) == fmt.Sprint(manifest.Contents(after)):
		outcome.Action = report.Unchanged
	default:
		outcome.Action = report.Configured
	}
	outcome.UID = after.GetUID()
	m.made[outcome.UID] = true
	return nil
}

// interfere does what others do to an object, once.
func (m *memory) interfere(id manifest.ID) {
	if do := m.meanwhile[id]; do != nil {
		delete(m.meanwhile, id)
		do()
	}
}

// apply is a server-side apply by Fitout.
func (m *memory) apply(c changeset.Change) error {
	wanted := leaves(c.Wanted.Object)
	if m.objects[c.ID] == nil {
		m.create(c.Wanted.DeepCopy(), fieldowner.FieldManager)
		return nil
	}
	has, owners := leaves(m.objects[c.ID].Object), m.owners[c.ID]
	for path, value := range wanted {
		for manager, owned := range owners {
			if _, owns := owned[path]; manager == fieldowner.FieldManager || !owns || fmt.Sprint(has[path]) == fmt.Sprint(value) {
				continue
			}
			switch c.Policy {
			case changeset.Fail:
				return fmt.Errorf("conflict with %q: .%s", manager, path)
			case changeset.Leave:
				delete(wanted, path)
			case changeset.TakeOver:
				delete(owned, path)
			}
		}
	}
	m.writes++
	for path := range owners[fieldowner.FieldManager] {
		if _, still := wanted[path]; !still && !m.othersOwn(c.ID, path) {
			put(m.objects[c.ID].Object, path, nil)
		}
	}
	for path, value := range wanted {
		put(m.objects[c.ID].Object, path, value)
	}
	owners[fieldowner.FieldManager] = wanted
	return nil
}

func (m *memory) othersOwn(id manifest.ID, path string) bool {
	for manager, owned := range m.owners[id] {
		if _, owns := owned[path]; owns && manager != fieldowner.FieldManager {
			return true
		}
	}
	return false
}

// ownersOf reads managed fields.
func ownersOf(entries []metav1.ManagedFieldsEntry, live *manifest.Object) map[string]fields {
	owners, values := map[string]fields{}, leaves(live.Object)
	for _, e := range entries {
		var set map[string]any
		if err := json.Unmarshal(e.FieldsV1.GetRawBytes(), &set); err != nil {
			panic(err) // it was just written
		}
		owned := fields{}
		var walk func(path string, node map[string]any)
		walk = func(path string, node map[string]any) {
			for key, inner := range node {
				walk(strings.TrimPrefix(path+"|"+strings.TrimPrefix(key, "f:"), "|"), inner.(map[string]any))
			}
			if len(node) == 0 {
				owned[path] = values[path]
			}
		}
		walk("", set)
		owners[e.Manager] = owned
	}
	return owners
}

// Contents are the objects of a namespace.
func (m *memory) Contents(_ context.Context, holder *manifest.Object) (found changeset.Contents, err error) {
	return found, m.call(func() error {
		for id, o := range m.objects {
			if id.Namespace == holder.GetName() && holder.GetKind() == "Namespace" {
				found.Objects = append(found.Objects, o)
			}
		}
		found.Unseen = m.unseen
		return nil
	})
}

func (m *memory) Remove(ctx context.Context, set *changeset.Set, removals []changeset.Change) ([]report.Change, error) {
	var outcomes []report.Change
	for _, r := range removals {
		outcome := report.Change{ID: r.ID, Action: report.Pruned}
		if r.Live != nil && set.Holds(r) {
			contents, err := m.Contents(ctx, r.Live)
			if err != nil {
				return outcomes, err
			}
			if again := set.Occupied(r, contents); again.Action == changeset.Keep {
				outcomes = append(outcomes, keptAfterAll(outcome, again, changeset.Occupied))
				continue
			}
		}
		err := m.call(func() error {
			m.interfere(r.ID)
			now := m.get(r.ID)
			if r.Live == nil || now != nil && sameObject(now, r.Live) { // the precondition of the request
				if r.Live != nil {
					m.deleted = append(m.deleted, r.ID)
					m.remove(r.ID)
				}
				return nil
			}
			again, deviation := set.Again(r, now)
			switch {
			case again.Action == changeset.Keep:
				outcome = keptAfterAll(outcome, again, deviation)
			case now == nil:
				outcome.Deviation = deviation
			default:
				m.deleted = append(m.deleted, r.ID)
				m.remove(r.ID)
			}
			return nil
		})
		if err != nil {
			return outcomes, err
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

func keptAfterAll(outcome report.Change, r changeset.Change, d changeset.Deviation) report.Change {
	outcome.Action, outcome.Recorded, outcome.Deviation = report.Kept, r.Recorded, d
	outcome.Notes = []string{d.Told(r.ID, ""), r.Reason}
	return outcome
}

func sameObject(a, b *manifest.Object) bool {
	return a.GetUID() == b.GetUID() && fmt.Sprint(a.Object) == fmt.Sprint(b.Object)
}

func (m *memory) remove(id manifest.ID) {
	delete(m.objects, id)
	delete(m.owners, id)
	m.writes++
}

// create stores a new object as a manager's own.
func (m *memory) create(o *manifest.Object, manager string) {
	m.uids++
	m.writes++
	o.SetUID(types.UID(fmt.Sprint("uid-", m.uids)))
	m.objects[manifest.IDOf(o)] = o
	m.owners[manifest.IDOf(o)] = map[string]fields{manager: leaves(o.Object)}
}

// edit sets a field as somebody else; nil removes it.
func (m *memory) edit(id manifest.ID, manager, path string, value any) {
	put(m.objects[id].Object, path, value)
	for _, owned := range m.owners[id] {
		delete(owned, path)
	}
	if value == nil {
		return
	}
	if m.owners[id][manager] == nil {
		m.owners[id][manager] = fields{}
	}
	m.owners[id][manager][path] = value
}

// get returns a copy of an object with its managed fields.
func (m *memory) get(id manifest.ID) *manifest.Object {
	o := m.objects[id]
	if id == inventory.ID {
		return m.record
	}
	if o == nil {
		return nil
	}
	o = o.DeepCopy()
	var entries []any
	for _, manager := range slices.Sorted(maps.Keys(m.owners[id])) {
		operation := "Update"
		if manager == fieldowner.FieldManager {
			operation = "Apply"
		}
		entries = append(entries, map[string]any{"manager": manager, "operation": operation, "apiVersion": o.GetAPIVersion(), "fieldsType": "FieldsV1",
			"fieldsV1": managed(m.owners[id][manager])})
	}
	o.Object["metadata"].(map[string]any)["managedFields"] = entries
	return o
}

// managed writes fields as metav1.FieldsV1 does.
func managed(owned fields) map[string]any {
	root := map[string]any{}
	for path := range owned {
		at := root
		for key := range strings.SplitSeq(path, "|") {
			if at["f:"+key] == nil {
				at["f:"+key] = map[string]any{}
			}
			at = at["f:"+key].(map[string]any)
		}
	}
	return root
}

// leaves returns the values of an object by their paths, without what names it.
func leaves(o map[string]any) fields {
	all := fields{}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for key, value := range node {
			path := strings.TrimPrefix(prefix+"|"+key, "|")
			switch child, isMap := value.(map[string]any); {
			case slices.Contains([]string{"apiVersion", "kind", "metadata|name", "metadata|namespace", "metadata|uid", "metadata|ownerReferences"}, path):
			case isMap:
				walk(path, child)
			default:
				all[path] = value
			}
		}
	}
	walk("", o)
	return all
}

// put sets the value at a path; nil removes it.
func put(o map[string]any, path string, value any) {
	keys := strings.Split(path, "|")
	at := o
	for _, key := range keys[:len(keys)-1] {
		if at[key] == nil {
			at[key] = map[string]any{}
		}
		at = at[key].(map[string]any)
	}
	if last := keys[len(keys)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
}
