package cluster

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// strict makes the server refuse unknown and duplicate fields; servers before 1.25 ignore it.
const strict = metav1.FieldValidationStrict

// metadataOnly asks for the metadata of the answer alone, which is all that is looked at.
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

// serverSide applies an object by server-side apply: one request, unless somebody else manages one of its fields.
func (c *Client) serverSide(ctx context.Context, t task) (report.Change, error) {
	if t.Action == changeset.Adopt {
		if err := c.inherit(ctx, t); err != nil {
			return report.Change{}, err
		}
	}
	change, err := c.patch(ctx, t, t.Wanted, t.Action == changeset.Adopt)
	const rounds = 3 // others may be at work at the same time
	for round := 0; apierrors.IsConflict(err) && round < rounds; round++ {
		live, getErr := c.get(ctx, c.at(t), t.ID.Name)
		if getErr != nil {
			return change, errors.Join(err, getErr)
		}
		conflicts := fieldowner.FromServer(err, t.Wanted, live)
		switch t.Policy {
		case changeset.Leave:
			less, lessErr := fieldowner.Without(t.Wanted, conflicts)
			if lessErr != nil {
				return change, lessErr
			}
			t.Wanted = less
			change, err = c.patch(ctx, t, less, false)
			change.Notes = append(notes("kept", conflicts), change.Notes...)
		case changeset.TakeOver:
			change, err = c.patch(ctx, t, t.Wanted, true)
			change.Notes = append(notes("taken over", conflicts), change.Notes...)
		default:
			return change, &ConflictError{Conflicts: conflicts, cause: err}
		}
	}
	return change, err
}

func notes(what string, conflicts []fieldowner.Conflict) []string {
	var out []string
	for _, conflict := range conflicts {
		out = append(out, what+": "+conflict.String())
	}
	return out
}

// patch sends the apply request and tells what it did.
func (c *Client) patch(ctx context.Context, t task, wanted *manifest.Object, force bool) (report.Change, error) {
	body, err := wanted.MarshalJSON()
	if err != nil {
		return report.Change{}, err
	}
	accept := metadataOnly
	if t.dryRun || wanted.GetKind() == "Namespace" { // a namespace that is on its way out says why it is still there
		accept = "application/json"
	}
	after, status, tries := &manifest.Object{}, 0, 0
	err = c.retry(ctx, func() error {
		tries++
		request := c.raw.Patch(types.ApplyPatchType).AbsPath(pathOf(t)...).
			Param("fieldManager", FieldManager).Param("force", strconv.FormatBool(force)).Param("fieldValidation", strict).
			SetHeader("Accept", accept).Body(body)
		for _, value := range dryRun(t.dryRun) {
			request.Param("dryRun", value)
		}
		result := request.Do(ctx).StatusCode(&status)
		text, err := result.Raw()
		if err != nil {
			return raced(cmp.Or(result.Error(), err))
		}
		if err := after.UnmarshalJSON(text); err != nil {
			return undecodable(err)
		}
		after.SetGroupVersionKind(wanted.GroupVersionKind())
		if manifest.IDOf(after) != manifest.IDOf(wanted) {
			return wrong("the answer is the object %s", brief(manifest.IDOf(after).String(), 100))
		}
		return stays(after, t.dryRun)
	})
	if err != nil {
		return report.Change{}, err
	}
	if tries > 1 && t.Live == nil { // it was not there when the run began: the answer to the first try was lost
		status = http.StatusCreated
	}
	change := report.Change{Action: actionOf(status, t.Live, after, wanted, t.dryRun), UID: after.GetUID()}
	if t.dryRun {
		change.Before, change.After = t.Live, after
		return change, nil
	}
	if d, by := t.Deviated(after, status == http.StatusCreated); d != changeset.AsDecided {
		change.Deviation, change.Notes = d, []string{d.Told(t.ID, by)}
	}
	return change, nil
}

// pathOf returns the path of an object's URL.
func pathOf(t task) []string {
	path := []string{"/apis", t.gvr.Group, t.gvr.Version}
	if t.gvr.Group == "" {
		path = []string{"/api", t.gvr.Version}
	}
	if t.scope.Namespaced {
		path = append(path, "namespaces", t.Wanted.GetNamespace())
	}
	return append(path, t.gvr.Resource, t.Wanted.GetName())
}

func dryRun(dry bool) []string {
	if dry {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// actionOf tells what a request did, from its status, the object as it was found before (nil if it was not) and its
// metadata after. The resource version alone would count a controller's status update in between as a change of ours.
func actionOf(status int, before, after, wanted *manifest.Object, dryRun bool) report.Action {
	switch {
	case status == http.StatusCreated:
		return report.Created
	case before == nil:
		return report.Configured
	case dryRun: // the resource version and the generation stay
		if equality.Semantic.DeepEqual(manifest.Contents(before).Object, manifest.Contents(after).Object) {
			return report.Unchanged
		}
		return report.Configured
	case before.GetResourceVersion() == after.GetResourceVersion():
		return report.Unchanged
	case before.GetUID() != after.GetUID() || before.GetGeneration() != after.GetGeneration():
		return report.Configured
	case before.GetGeneration() > 0 && sameMetadata(before, after, wanted):
		return report.Unchanged
	}
	return report.Configured
}

// sameMetadata compares the labels and annotations that Fitout sets.
func sameMetadata(before, after, wanted metav1.Object) bool {
	return maps.Equal(only(before.GetLabels(), wanted.GetLabels()), only(after.GetLabels(), wanted.GetLabels())) &&
		maps.Equal(only(before.GetAnnotations(), wanted.GetAnnotations()), only(after.GetAnnotations(), wanted.GetAnnotations()))
}

func only(m, keys map[string]string) map[string]string {
	out := map[string]string{}
	for k := range keys {
		if v, ok := m[k]; ok {
			out[k] = v
		}
	}
	return out
}

// A racedError is a write that met another one of the same object at the same moment: that of a try which the client had
// given up, for one. It says nothing of who owns what.
type racedError struct{ error }

func (e racedError) Unwrap() error { return e.error }

func raced(err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict) {
		return racedError{err}
	}
	return err
}
