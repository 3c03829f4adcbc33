// Package check judges a cluster by what was observed of it: whether everything rendered is there, as rendered, ready,
// and doing what it is for. It is pure: what is observed, and when, is the business of its callers.
package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Verdict is the outcome of one check.
type Verdict string

// The verdicts, best first. An unmet check is Failed or Degraded with a reason, never a warning.
const (
	Good      Verdict = "good"
	NotJudged Verdict = "not judged" // cannot be observed here; the detail says why
	Pending   Verdict = "pending"    // cannot be met before a node joins
	Degraded  Verdict = "degraded"   // met in part: on some nodes, or changed by somebody
	Failed    Verdict = "failed"
)

var order = []Verdict{Good, NotJudged, Pending, Degraded, Failed}

// Worse returns the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// A Row is one check of one addon, or of the cluster where Addon is empty.
type Row struct {
	Addon   string  `json:"addon,omitempty"`
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Remedy  string  `json:"remedy,omitempty"`
	// Digest says more of a row that is unmet: what came first, and what it comes from. Explain adds it.
	Digest *Digest `json:"digest,omitempty"`
	// About is the object that the row is unmet because of, where one can be looked at more closely.
	About manifest.ID `json:"-"`
	// Lacks is an object that the row is unmet for want of.
	Lacks manifest.ID `json:"-"`
	// Absent says that no object of the addon is in the cluster.
	Absent bool `json:"-"`
	// Tolerated says that a gate opens although the row is unmet.
	Tolerated bool `json:"-"`
	// Trail leads from an unmet probe to what it may be unmet because of.
	Trail *Trail `json:"-"`
	// Nodes is what a probe found on each node, in the order of the nodes; it is empty where nothing was asked of any.
	Nodes []NodeResult `json:"nodes,omitempty"`
}

// A NodeResult is the part of a row that is of one node: what was asked from there, or of what is there.
type NodeResult struct {
	Node    string  `json:"node"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	// Says is what the agent of the node says of itself, in lines as its users know them; it is empty for other probes.
	Says string `json:"says,omitempty"`
}

// Names of the checks.
const (
	Nodes        = "nodes"         // the cluster has nodes, and they are ready
	Present      = "present"       // every object is there, and none is being deleted
	Accounts     = "accounts"      // the ServiceAccount of every workload is there
	Unchanged    = "unchanged"     // every object that is there is as rendered
	Ready        = "ready"         // every workload is ready, DaemonSets on every node they should be on
	Restarts     = "restarts"      // no container was restarted since a given time
	Definitions  = "definitions"   // what the addon's controllers are to define is defined
	API          = "api"           // the API server reaches what the addon serves
	HostPorts    = "host-ports"    // a ready pod declares the host ports on every node
	StorageClass = "storage-class" // exactly one default StorageClass, the addon's
)

// A Snapshot is what was observed in a cluster at about one moment.
type Snapshot struct {
	Objects        map[manifest.ID]*manifest.Object // live, by ID: the wanted ones that exist
	Nodes          []corev1.Node
	Pods           []corev1.Pod             // in the namespaces of the wanted workloads
	StorageClasses []*manifest.Object       // all of the cluster
	Kept           map[manifest.ID][]string // fields that others have set and that are left to them, as paths of Differences
	Since          time.Time                // from when on restarts of containers count; none do where it is zero
	Evidence       Evidence                 // what Inquire asked; empty where nothing did

	index *index // of Nodes and Pods; see indexed
}

// Judge judges a cluster by everything rendered for it.
func Judge(addons []render.Addon, s Snapshot) []Row {
	s = s.Indexed()
	rows := []Row{judgeNodes(s)}
	undefined := Undefined(created(addons), s)
	for _, a := range addons {
		j := judge{addon: a, snapshot: s, undefined: undefined}
		rows = append(rows, j.present(), j.unchanged())
		rows = append(rows, j.accounts()...)
		ready := j.ready()
		rows = append(rows, ready...)
		rows = append(rows, j.restarts()...)
		rows = append(rows, j.definitions(Overall(ready))...)
		rows = append(rows, j.api()...)
		rows = append(rows, j.hostPorts()...)
		rows = append(rows, j.storageClass()...)
	}
	return rows
}

// Overall returns the worst verdict of the rows; what is not judged counts as good.
func Overall(rows []Row) Verdict {
	worst := Good
	for _, r := range rows {
		worst = Worse(worst, r.Verdict)
	}
	if worst == NotJudged {
		return Good
	}
	return worst
}

// MaySettle reports whether all that is unmet may come right without anybody applying anything. What has happened does not
// count.
func MaySettle(rows []Row) bool {
	unmet := slices.DeleteFunc(Unmet(rows), func(r Row) bool { return r.Check == Restarts })
	for _, r := range unmet {
		if r.Check == Present || r.Check == Accounts || r.Check == Unchanged || r.Check == StorageClass {
			return false
		}
	}
	return len(unmet) > 0
}

// Unmet returns the rows that are failed or degraded.
func Unmet(rows []Row) []Row {
	var out []Row
	for _, r := range rows {
		if r.Verdict == Failed || r.Verdict == Degraded {
			out = append(out, r)
		}
	}
	return out
}

// judge is the judgement of one addon.
type judge struct {
	addon     render.Addon
	snapshot  Snapshot
	undefined map[schema.GroupKind]bool // kinds whose definition is not there yet
}

func (j judge) row(check string, v Verdict, remedy, format string, args ...any) Row {
	return Row{Addon: j.addon.Name, Check: check, Verdict: v, Remedy: remedy, Detail: strings.TrimSpace(fmt.Sprintf(format, args...))}
}

// Live returns the observed object of a rendered one, or nil.
func (s Snapshot) Live(o *manifest.Object) *manifest.Object { return s.Objects[manifest.IDOf(o)] }

// present checks that every object is there and stays: one that is being deleted is as good as gone.
func (j judge) present() Row {
	var missing, leaving []manifest.ID
	var waiting []string
	for _, o := range j.addon.Objects {
		switch live := j.snapshot.Live(o); {
		case live == nil && j.undefined[manifest.GroupKindOf(o)]:
			waiting = append(waiting, manifest.IDOf(o).String())
		case live == nil:
			missing = append(missing, manifest.IDOf(o))
		case live.GetDeletionTimestamp() != nil:
			leaving = append(leaving, manifest.IDOf(o))
		}
	}
	switch {
	case len(missing) > 0:
		row := j.row(Present, Failed, "run fitout apply", "%d of %d objects missing: %s", len(missing), len(j.addon.Objects), FirstFew(missing))
		row.Lacks, row.Absent = firstOf(missing), len(missing) == len(j.addon.Objects)
		return row
	case len(waiting) > 0:
		return j.awaiting(waiting)
	case len(leaving) > 0:
		row := j.row(Present, Failed, "wait until they are gone, then run fitout apply",
			"%d of %d objects are being deleted: %s", len(leaving), len(j.addon.Objects), FirstFew(leaving))
		row.About = firstOf(leaving)
		return row
	}
	return j.row(Present, Good, "", "%d objects", len(j.addon.Objects))
}

// firstOf returns the object that others of a list rest on: a namespace or a definition where there is one.
func firstOf(list []manifest.ID) manifest.ID {
	for _, kind := range []string{"Namespace", "CustomResourceDefinition"} {
		if i := slices.IndexFunc(list, func(id manifest.ID) bool { return id.Kind == kind }); i >= 0 {
			return list[i]
		}
	}
	return list[0]
}

// unchanged checks that the objects that are there are as rendered; the check present is about those that are not.
func (j judge) unchanged() Row {
	there := 0
	var changed, kept []string
	for _, o := range j.addon.Objects {
		if live := j.snapshot.Live(o); live != nil {
			there++
			for _, d := range objectdiff.Differences(o, live) {
				text := fmt.Sprintf("%s %s", manifest.IDOf(o), worded(o, d))
				if slices.Contains(j.snapshot.Kept[manifest.IDOf(o)], d.Path) {
					kept = append(kept, text)
				} else {
					changed = append(changed, text)
				}
			}
		}
	}
	switch all := len(j.addon.Objects); {
	case len(changed) > 0:
		return j.row(Unchanged, Degraded, "run fitout apply", "%s", FirstFew(changed))
	case there == 0 && all > 0:
		return j.row(Unchanged, NotJudged, "", "no object is there to compare")
	case len(kept) > 0:
		return j.row(Unchanged, Good, "", "%d of %d objects are there, as rendered but for what is kept of others: %s", there, all, FirstFew(kept))
	case there < all:
		return j.row(Unchanged, Good, "", "%d of %d objects are there, as rendered", there, all)
	}
	return j.row(Unchanged, Good, "", "as rendered, %s", short(j.addon.Digest))
}

// worded is a difference in words. Of a Secret it names the field alone.
func worded(o *manifest.Object, d objectdiff.Difference) string {
	if o.GetKind() == "Secret" {
		return d.Path + " is not as rendered"
	}
	return d.String()
}

// FirstFew joins the first few of a list.
func FirstFew[T any](list []T) string {
	const most = 3
	text := ""
	for i, s := range list {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(list)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(s)
	}
	return text
}

// short cuts a digest for people.
func short(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }
