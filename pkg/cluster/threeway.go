package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
)

// mergeable has the kinds whose merge keys are known. It is not client-go's own scheme, which other packages add to.
var mergeable = func() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(s))
	return s
}()

// threeWay applies an object without server-side apply: it creates what is not there, and changes what is there by the
// difference between what was applied last, what is wanted and what is live. Fields that somebody else changed are
// treated as server-side apply would treat them.
func (c *Client) threeWay(ctx context.Context, t task) (report.Change, error) {
	record, err := encodeApplied(t.wanted)
	if err != nil {
		return report.Change{}, err
	}
	m := merge{client: c, resource: c.at(t), wanted: t.wanted.DeepCopy(), live: t.live}
	setAnnotation(m.wanted, lastApplied, record)
	if m.client.stays(m.live) != nil {
		if err := m.look(ctx); err != nil {
			return report.Change{}, err
		}
	}
	if m.live == nil {
		return m.create(ctx, t)
	}
	noted, err := m.settle(t)
	if err != nil {
		return report.Change{}, err
	}
	change := report.Change{Action: report.Unchanged, UID: m.live.GetUID(), Notes: noted, Before: m.live, After: m.live}
	if len(check.Differences(m.wanted, m.live)) > 0 {
		change.Action, change.After, err = m.replace(ctx)
	}
	return change, err
}

// merge is the three ways of one object: what was applied last, what is wanted (with its record), and what is live.
type merge struct {
	client   *Client
	resource dynamic.ResourceInterface
	applied  []byte // JSON; nil where there is no record
	wanted   *manifest.Object
	live     *manifest.Object
}

// create creates the object. Where it is there all the same, it either has no label of ours, or it is just as wanted: then
// the answer to a first try was lost.
func (m *merge) create(ctx context.Context, t task) (report.Change, error) {
	var created *manifest.Object
	err := m.client.retry(ctx, func() (err error) {
		created, err = m.resource.Create(ctx, m.wanted, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict, DryRun: m.client.dryRun()})
		return err
	})
	if err == nil {
		return report.Change{Action: report.Created, UID: created.GetUID(), After: created}, nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return report.Change{}, err
	}
	if err := m.look(ctx); err != nil {
		return report.Change{}, err
	}
	if t.live = m.live; t.live != nil && len(check.Differences(m.wanted, m.live)) == 0 {
		return report.Change{Action: report.Created, UID: m.live.GetUID(), After: m.live}, nil
	}
	return m.client.threeWay(ctx, t)
}

// look finds out what is live: nil where there is nothing. An object that is being deleted is waited for.
func (m *merge) look(ctx context.Context) error {
	return m.client.retry(ctx, func() (err error) {
		m.live, err = m.resource.Get(ctx, m.wanted.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			m.live = nil
			return nil
		}
		return cmp.Or(err, m.client.stays(m.live))
	})
}

// settle reads what was applied last and settles, by policy, what others have changed since.
func (m *merge) settle(t task) (noted []string, err error) {
	if m.applied, err = decodeApplied(m.live); err != nil {
		return nil, fmt.Errorf("annotation %s: %w; remove the annotation", lastApplied, err)
	}
	if t.adopt {
		if m.applied == nil {
			m.applied = kubectlApplied(m.live)
		}
		return nil, nil
	}
	conflicts := threeWayConflicts(m.applied, t.wanted, m.live)
	if m.applied == nil && m.live.GetLabels()[render.LabelAddon] == "" {
		conflicts = foreign(t.wanted, m.live)
	}
	switch {
	case len(conflicts) == 0:
		return nil, nil
	case t.policy == inventory.TakeOver:
		return notes("taken over", conflicts), nil
	case t.policy == inventory.Keep:
		return notes("kept", conflicts), m.leave(conflicts)
	}
	return nil, &ConflictError{Conflicts: conflicts}
}

// leave takes fields out of what is wanted and of what was applied last, so that the merge does not touch them. The record
// has them still: the next run finds the same conflicts.
func (m *merge) leave(conflicts []Conflict) (err error) {
	if m.wanted, err = withoutFields(m.wanted, conflicts); err != nil || m.applied == nil {
		return err
	}
	applied := &manifest.Object{}
	if err := applied.UnmarshalJSON(m.applied); err != nil {
		return err
	}
	if applied, err = withoutFields(applied, conflicts); err != nil {
		return err
	}
	m.applied, err = applied.MarshalJSON()
	return err
}

// foreign are the conflicts with an object that Fitout never applied: everything that it has otherwise.
func foreign(wanted, live *manifest.Object) []Conflict {
	var conflicts []Conflict
	for _, d := range check.Differences(wanted, live) {
		if !strings.HasPrefix(d.Path, "metadata.") && d.Got != nil {
			conflicts = append(conflicts, newConflict(wanted, d.Path, "somebody else", d.Want, d.Got))
		}
	}
	return conflicts
}

// replace merges here and puts the result, as long as nobody else changes the object in between; then it looks again.
// Patches would do it in the server, but those of this age tell ports apart by number alone, and cannot read a merge patch
// of every kind (1.18 refuses "minimum: 0" in one of a CRD).
func (m *merge) replace(ctx context.Context) (report.Action, *manifest.Object, error) {
	const tries = 5
	before := m.live
	for try := 1; ; try++ {
		merged, err := mergeThreeWays(m.applied, m.wanted, m.live)
		if err != nil {
			return "", nil, err
		}
		var after *manifest.Object
		err = m.client.retry(ctx, func() error {
			after, err = m.resource.Update(ctx, merged, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: m.client.dryRun()})
			return err
		})
		if err == nil {
			return m.client.actionOf(http.StatusOK, before, after, m.wanted), after, nil
		}
		if !apierrors.IsConflict(err) || try == tries {
			return "", nil, err
		}
		if err := m.look(ctx); err != nil {
			return "", nil, err
		}
		if m.live == nil {
			return "", nil, fmt.Errorf("somebody has deleted it at this moment; run the same command again")
		}
	}
}
