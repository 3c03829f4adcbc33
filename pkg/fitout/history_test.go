package fitout_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/types"
)

// histories is how many random histories are lived through: a tenth of them in short tests.
func histories() uint64 {
	if testing.Short() {
		return 1_000
	}
	return 10_000
}

// TestHistories lives through random histories: bundles that change, users and other tools that edit, delete, create again and
// take over, runs that are killed at any call. In all of them nothing that Fitout did not make is deleted, nothing that it
// made is forgotten, and a last run ends with everything as wanted, after which nothing is left to do.
func TestHistories(t *testing.T) {
	for seed := range histories() {
		h := history{T: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), cluster: newMemory(), taken: map[types.UID]bool{}, theirs: map[types.UID]bool{}}
		for range 2 + h.rand.IntN(8) {
			h.step()
			h.check()
		}
		h.end()
		if t.Failed() {
			t.Fatalf("seed %d: %v", seed, h.steps)
		}
	}
}

type history struct {
	*testing.T
	seed    uint64
	rand    *rand.Rand
	cluster *memory
	steps   []string
	taken   map[types.UID]bool // objects that others have visibly taken over
	theirs  map[types.UID]bool // objects that others made
}

var names = []string{"one", "two", "three", "four"}

// plan is a random bundle.
func (h *history) plan() *fitout.Plan {
	var addons [][]*manifest.Object
	for i, name := range names {
		if h.rand.IntN(3) > 0 {
			data := map[string]any{"key": fmt.Sprint(h.rand.IntN(2))}
			if h.rand.IntN(2) == 0 {
				data["more"] = "1"
			}
			addons = append(addons, []*manifest.Object{object(fmt.Sprint("addon-", i), name, data)})
		}
	}
	if len(addons) == 0 {
		addons = append(addons, one("1"))
	}
	return planOf(h.T, addons...)
}

func (h *history) did(format string, args ...any) {
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

func (h *history) step() {
	if h.rand.IntN(2) == 0 {
		h.run()
		return
	}
	name := names[h.rand.IntN(len(names))]
	h.others(idOf(name))
}

// run applies a bundle; it may be killed, and others may act between its calls.
func (h *history) run() {
	policy := []changeset.Policy{changeset.Fail, changeset.Leave, changeset.TakeOver}[h.rand.IntN(3)]
	adopt := h.rand.IntN(3) == 0
	h.cluster.killAt, h.cluster.after = 0, h.rand.IntN(2) == 0
	if h.rand.IntN(2) == 0 {
		h.cluster.killAt = h.cluster.calls + 1 + h.rand.IntN(12)
	}
	if h.rand.IntN(3) == 0 {
		h.cluster.between = func() {
			if h.rand.IntN(8) == 0 {
				h.others(idOf(names[h.rand.IntN(len(names))]))
			}
		}
	}
	before := slices.Clone(h.cluster.deleted)
	uids := h.cluster.uidsNow()
	h.did("run conflicts=%s adopt=%v killAt=%d", policy, adopt, h.cluster.killAt)
	_, err := apply(h.cluster, h.plan(), fitout.ApplyOptions{Policies: changeset.Options{Conflicts: changeset.Policies{"": policy}, Adopt: adopt}})
	h.did("-> %v", err)
	h.cluster.killAt, h.cluster.between = 0, nil
	for _, id := range h.cluster.deleted[len(before):] {
		if uid := uids[id]; uid != "" && !h.cluster.made[uid] {
			h.Errorf("seed %d: %s was deleted, which Fitout did not make", h.seed, id)
		}
	}
}

// others is what a user or another tool does to an object.
func (h *history) others(id manifest.ID) {
	o := h.cluster.objects[id]
	if o == nil {
		theirs := object("addon-0", id.Name, map[string]any{"key": "theirs"})
		if h.rand.IntN(2) == 0 {
			theirs.SetLabels(nil)
		}
		h.cluster.create(theirs, []string{"helm", "kubectl", "some-controller"}[h.rand.IntN(3)])
		h.theirs[theirs.GetUID()] = true
		h.did("somebody creates %s", id.Name)
		return
	}
	switch h.rand.IntN(6) {
	case 0:
		h.did("somebody deletes %s", id.Name)
		h.cluster.remove(id)
	case 1:
		h.did("somebody edits %s", id.Name)
		h.cluster.edit(id, "kubectl-edit", "data|key", "theirs")
	case 2:
		h.did("somebody adds a key to %s", id.Name)
		h.cluster.edit(id, "kubectl-edit", "data|extra", "theirs")
	case 3:
		h.did("Helm takes %s over", id.Name)
		h.cluster.edit(id, "helm", "metadata|annotations|meta.helm.sh/release-name", "mine")
		h.taken[o.GetUID()] = true
	case 4:
		h.did("somebody removes the label of %s", id.Name)
		h.cluster.edit(id, "kubectl-label", "metadata|labels|"+render.LabelAddon, nil)
		h.taken[o.GetUID()] = true
	case 5:
		h.did("somebody removes a key of %s", id.Name)
		h.cluster.edit(id, "kubectl-edit", "data|more", nil)
	}
}

// check finds objects that Fitout made and that no record has, unless others have taken them over.
func (h *history) check() {
	record, err := h.cluster.Inventory(context.Background())
	if err != nil {
		h.Fatal(err)
	}
	recorded := map[manifest.ID]bool{}
	if record != nil {
		for _, e := range record.Entries {
			recorded[e.ID] = true
		}
	}
	for id, o := range h.cluster.objects {
		if uid := o.GetUID(); h.cluster.made[uid] && !h.taken[uid] && !h.theirs[uid] && !recorded[id] {
			h.Errorf("seed %d: %s is forgotten", h.seed, id)
		}
	}
}

// end applies a last bundle with every permission, and again without any.
func (h *history) end() {
	p := h.plan()
	for id, o := range h.cluster.objects { // what a Helm release has stays its own; the release ends here
		if o.GetAnnotations()["meta.helm.sh/release-name"] != "" {
			h.cluster.edit(id, "helm", "metadata|annotations|meta.helm.sh/release-name", nil)
		}
	}
	everything := changeset.Options{Conflicts: changeset.Policies{"": changeset.TakeOver}, Adopt: true, Accept: changeset.Names{"all"}}
	if _, err := apply(h.cluster, p, fitout.ApplyOptions{Policies: everything}); err != nil {
		h.Errorf("seed %d: the last run: %v", h.seed, err)
		return
	}
	for _, a := range p.Rendering.Addons {
		for _, wanted := range a.Objects {
			live := h.cluster.objects[manifest.IDOf(wanted)]
			if live == nil || !contains(live.Object["data"], wanted.Object["data"]) {
				h.Errorf("seed %d: %s is not as wanted: %v", h.seed, manifest.IDOf(wanted), live)
			}
		}
	}
	writes := h.cluster.writes
	if r, err := apply(h.cluster, p, fitout.ApplyOptions{}); err != nil || h.cluster.writes != writes {
		h.Errorf("seed %d: nothing was left to do, and a run wrote %d times: error %v, %s", h.seed, h.cluster.writes-writes, err, actions(r))
	}
	if record, err := h.cluster.Inventory(context.Background()); err != nil || record.State != inventory.Complete {
		h.Errorf("seed %d: error %v, record %+v", h.seed, err, record)
	}
}

func contains(live, wanted any) bool {
	has, _ := live.(map[string]any)
	for key, value := range wanted.(map[string]any) {
		if has[key] != value {
			return false
		}
	}
	return true
}

func (m *memory) uidsNow() map[manifest.ID]types.UID {
	uids := map[manifest.ID]types.UID{}
	for id, o := range maps.All(m.objects) {
		uids[id] = o.GetUID()
	}
	return uids
}
