package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// checked is a resource whose answers are held against what was asked for: whoever answers may be wrong, or lie.
type checked struct {
	dynamic.ResourceInterface
	gvr       schema.GroupVersionResource
	namespace string
}

// Get fetches an object of a name.
func (r checked) Get(ctx context.Context, name string, o metav1.GetOptions, sub ...string) (*manifest.Object, error) {
	return r.check(name)(r.ResourceInterface.Get(ctx, name, o, sub...))
}

// Create creates an object.
func (r checked) Create(ctx context.Context, o *manifest.Object, options metav1.CreateOptions, sub ...string) (*manifest.Object, error) {
	return r.check(o.GetName())(r.ResourceInterface.Create(ctx, o, options, sub...))
}

// Update writes an object.
func (r checked) Update(ctx context.Context, o *manifest.Object, options metav1.UpdateOptions, sub ...string) (*manifest.Object, error) {
	return r.check(o.GetName())(r.ResourceInterface.Update(ctx, o, options, sub...))
}

// Patch patches the object of a name.
func (r checked) Patch(ctx context.Context, name string, kind types.PatchType, data []byte, o metav1.PatchOptions, sub ...string) (*manifest.Object, error) {
	return r.check(name)(r.ResourceInterface.Patch(ctx, name, kind, data, o, sub...))
}

// List fetches one page, and checks each object in it.
func (r checked) List(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	list, err := r.ResourceInterface.List(ctx, o)
	if err != nil {
		return nil, undecodable(err)
	}
	return list, r.checkList(list)
}

// checkList says why a list is not one of the resource.
func (r checked) checkList(list *unstructured.UnstructuredList) error {
	if err := listOf(list.GetKind(), r.gvr); err != nil {
		return err
	}
	for i := range list.Items {
		if err := r.fits(&list.Items[i], ""); err != nil {
			return fmt.Errorf("item %d of the answer: %w", i+1, err)
		}
	}
	return nil
}

// A wrongAnswer is an answer that is something else than what was asked for.
type wrongAnswer string

func (w wrongAnswer) Error() string {
	return string(w) + "; see what answers at the address of the API server"
}

// listOf says whether a kind is that of a list of a resource.
func listOf(kind string, of schema.GroupVersionResource) error {
	one, list := strings.CutSuffix(kind, "List")
	if !list || !kindFits(one, of) {
		return wrong("the answer is a %s instead of a list of %s", brief(kind, 60), of.Resource)
	}
	return nil
}

// check returns what passes an answer on that is the object of a name.
func (r checked) check(name string) func(*manifest.Object, error) (*manifest.Object, error) {
	return func(o *manifest.Object, err error) (*manifest.Object, error) {
		if err != nil {
			return nil, undecodable(err)
		}
		if err := r.fits(o, name); err != nil {
			return nil, fmt.Errorf("answer to the request for %s %s: %w", r.gvr.Resource, name, err)
		}
		return o, nil
	}
}

// fits says whether an object is one of the resource, and has the name unless that is empty.
func (r checked) fits(o *manifest.Object, name string) error {
	group, err := schema.ParseGroupVersion(o.GetAPIVersion())
	switch {
	case o.GetName() == "":
		return wrong("an object without a name")
	case err != nil || group.Group != r.gvr.Group || !kindFits(o.GetKind(), r.gvr):
		return wrong("%s %s is not one of %s", brief(o.GetAPIVersion(), 60), brief(o.GetKind(), 60), r.gvr.GroupResource())
	case name != "" && o.GetName() != name:
		return wrong("the object is named %s", brief(o.GetName(), 60))
	case r.namespace != "" && o.GetNamespace() != r.namespace:
		return wrong("%s is of the namespace \"%s\" instead of %s", brief(o.GetName(), 60), brief(o.GetNamespace(), 60), r.namespace)
	}
	return nil
}

// kindFits says whether a kind may be that of a resource. Definitions of others may call it what they like.
func kindFits(kind string, of schema.GroupVersionResource) bool {
	if kind == "" {
		return false
	}
	if strings.Contains(of.Group, ".") && !strings.HasSuffix(of.Group, ".k8s.io") || of.Group == "metrics.k8s.io" {
		return true
	}
	one := strings.ToLower(kind)
	return of.Resource == one || of.Resource == one+"s" || of.Resource == one+"es" || of.Resource == strings.TrimSuffix(one, "y")+"ies"
}

// undecodableAnswer is how client-go and the decoder of unstructured objects say that an answer is not an object.
var undecodableAnswer = regexp.MustCompile(`couldn't get version/kind|0-length response|serializer for .* doesn't exist|^json: |invalid character|missing in `)

// undecodable names an answer that is not what was asked for at all. One that broke off is left to be tried again.
func undecodable(err error) error {
	var status apierrors.APIStatus
	var request *url.Error
	if errors.As(err, &status) || errors.As(err, &request) || !undecodableAnswer.MatchString(err.Error()) || strings.Contains(err.Error(), cutShort) {
		return err
	}
	return &garbledError{err}
}

// A garbledError is an answer that has come to its end and is not a Kubernetes object.
type garbledError struct{ cause error }

func (e *garbledError) Error() string {
	return "the answer is not a Kubernetes object: " + brief(e.cause.Error(), 200)
}

// wrong makes a wrongAnswer.
func wrong(format string, values ...any) error { return wrongAnswer(fmt.Sprintf(format, values...)) }
