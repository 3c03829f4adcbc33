package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
)

// lastApplied is the annotation with what Fitout applied last, as JSON, compressed and in base64: the third of the three
// ways. kubectl's own is limited to 256 KiB of plain JSON, which large CRDs exceed.
const lastApplied = "fitout.dev/last-applied"

// mergeable has the kinds whose merge keys are known. It is not client-go's own scheme, which other packages add to.
var mergeable = func() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(s))
	return s
}()

// threeWay applies an object without server-side apply: it creates what is not there, and changes what is there by the
// difference between what was applied last, what is wanted and what is live.
func (c *Client) threeWay(ctx context.Context, resource dynamic.ResourceInterface, o, before *manifest.Object) (report.Action, error) {
	record, err := encodeApplied(o)
	if err != nil {
		return "", err
	}
	wanted := o.DeepCopy()
	setAnnotation(wanted, lastApplied, record)
	if c.stays(before) != nil {
		if before, err = c.settled(ctx, resource, o.GetName()); err != nil {
			return "", err
		}
	}
	if before == nil {
		return c.create(ctx, resource, wanted)
	}
	if len(check.Differences(wanted, before)) == 0 {
		return report.Unchanged, nil
	}
	return c.change(ctx, resource, before, wanted)
}

// create creates an object. Where it is there all the same, it either has no label of ours, or it is just as wanted: then
// the answer to a first try was lost.
func (c *Client) create(ctx context.Context, resource dynamic.ResourceInterface, wanted *manifest.Object) (report.Action, error) {
	err := c.retry(ctx, func() error {
		_, err := resource.Create(ctx, wanted, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict, DryRun: c.dryRun()})
		return err
	})
	if !apierrors.IsAlreadyExists(err) {
		return report.Created, err
	}
	live, err := c.settled(ctx, resource, wanted.GetName())
	switch {
	case err != nil:
		return "", err
	case live == nil:
		return c.create(ctx, resource, wanted)
	case len(check.Differences(wanted, live)) == 0:
		return report.Created, nil
	}
	return c.change(ctx, resource, live, wanted)
}

// settled returns the live object, nil where there is none. One that is being deleted is waited for.
func (c *Client) settled(ctx context.Context, resource dynamic.ResourceInterface, name string) (live *manifest.Object, err error) {
	err = c.retry(ctx, func() error {
		live, err = resource.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			live = nil
			return nil
		}
		return cmp.Or(err, c.stays(live))
	})
	return live, err
}

// change sends the difference: a strategic merge patch for the kinds whose merge keys are known; for all others the
// merged object as a whole, since servers of this age cannot read a merge patch of every kind (1.18 refuses "minimum: 0"
// in one of a CRD: it reads an integer where the type has a float).
func (c *Client) change(ctx context.Context, resource dynamic.ResourceInterface, live, wanted *manifest.Object) (report.Action, error) {
	typed, err := mergeable.New(wanted.GroupVersionKind())
	if err != nil { // definitions, API services, custom resources
		return c.replace(ctx, resource, live, wanted)
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return "", err
	}
	original, modified, current, err := threeWays(live, wanted)
	if err != nil {
		return "", err
	}
	body, err := strategicpatch.CreateThreeWayMergePatch(original, modified, current, meta, true)
	if err != nil {
		return "", err
	}
	var after *manifest.Object
	err = c.retry(ctx, func() error {
		after, err = resource.Patch(ctx, wanted.GetName(), types.StrategicMergePatchType, body, metav1.PatchOptions{FieldManager: FieldManager, DryRun: c.dryRun()})
		return err
	})
	if err != nil {
		return "", err
	}
	return actionOf(live, after, wanted), nil
}

// replace merges the difference into the live object here and puts the result, as long as nobody else changes the object
// in between; then it looks again.
func (c *Client) replace(ctx context.Context, resource dynamic.ResourceInterface, live, wanted *manifest.Object) (report.Action, error) {
	const tries = 5
	before := live
	for try := 1; ; try++ {
		merged, err := merge(live, wanted)
		if err != nil {
			return "", err
		}
		var after *manifest.Object
		err = c.retry(ctx, func() error {
			after, err = resource.Update(ctx, merged, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: c.dryRun()})
			return err
		})
		if err == nil {
			return actionOf(before, after, wanted), nil
		}
		if !apierrors.IsConflict(err) || try == tries {
			return "", err
		}
		if live, err = c.settled(ctx, resource, wanted.GetName()); err != nil {
			return "", err
		}
		if live == nil {
			return c.create(ctx, resource, wanted)
		}
	}
}

// merge computes the object that the JSON merge patch of the difference makes of the live one.
func merge(live, wanted *manifest.Object) (*manifest.Object, error) {
	original, modified, current, err := threeWays(live, wanted)
	if err != nil {
		return nil, err
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current)
	if err != nil {
		return nil, err
	}
	text, err := jsonpatch.MergePatch(current, patch)
	if err != nil {
		return nil, err
	}
	merged := &manifest.Object{}
	return merged, merged.UnmarshalJSON(text)
}

// threeWays returns, as JSON, what was applied last (nil where there is no record), what is wanted, and what is live.
func threeWays(live, wanted *manifest.Object) (original, modified, current []byte, err error) {
	if original, err = decodeApplied(live); err != nil {
		return nil, nil, nil, fmt.Errorf("annotation %s: %w; remove the annotation", lastApplied, err)
	}
	if modified, err = wanted.MarshalJSON(); err != nil {
		return nil, nil, nil, err
	}
	current, err = live.MarshalJSON()
	return original, modified, current, err
}

func setAnnotation(o *manifest.Object, key, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}

func encodeApplied(o *manifest.Object) (string, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// maxApplied bounds what a record may expand to, in bytes; no Kubernetes object is larger than 1.5 MiB.
const maxApplied = 4 << 20

// decodeApplied returns what Fitout applied last, with its record in it as it was sent, or nil where there is none.
func decodeApplied(live *manifest.Object) ([]byte, error) {
	record, ok := live.GetAnnotations()[lastApplied]
	if !ok {
		return nil, nil
	}
	packed, err := base64.StdEncoding.DecodeString(record)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxApplied))
}
