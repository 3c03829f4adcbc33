package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// pageSize is how many objects one LIST request asks for. kubectl asks for 500; fewer take less memory at once.
	pageSize = 250
	// smallestPage is the size of a page where objects are large: ten of the largest that etcd takes have 15 MB.
	smallestPage = 10
	// mostObjects bounds a list. Kubernetes supports clusters of up to 150,000 pods
	// (kubernetes.io/docs/setup/best-practices/cluster-large).
	mostObjects = 200_000
	// mostPages bounds the pages of a list. Some may be empty.
	mostPages = mostObjects / smallestPage
	// mostRestarts bounds how often a list begins again because its continue token has expired, as it does after five minutes.
	mostRestarts = 3
)

// A lister fetches one page of a list.
type lister interface {
	List(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error)
}

// listing is a list that is fetched page by page.
type listing struct {
	from     lister
	try      func(ctx context.Context, request func() error) error // makes a request, perhaps several times
	most     int                                                   // objects
	objects  []manifest.Object
	pages    int
	restarts int
}

// fetch fetches all pages. The error is a tooManyError if there are more objects than most; the first ones are kept.
func (l *listing) fetch(ctx context.Context, o metav1.ListOptions) error {
	o.Limit = int64(min(pageSize, l.most))
	for {
		page, err := l.page(ctx, o)
		switch {
		case o.Continue != "" && apierrors.IsResourceExpired(err) && l.restarts < mostRestarts:
			l.restarts, l.objects, o.Continue = l.restarts+1, nil, ""
			continue
		case tooLarge(err) && o.Limit > smallestPage:
			o.Limit = smallestPage // a continue token goes with any limit
			continue
		case err != nil:
			return err
		}
		l.objects = append(l.objects, page.Items...)
		next := page.GetContinue()
		switch {
		case next == "" && len(l.objects) <= l.most:
			return nil
		case len(l.objects) >= l.most:
			return &tooManyError{l.most}
		case next == o.Continue:
			return wrong("the list does not end: page %d has the continue token of the page before", l.pages)
		case l.pages >= mostPages:
			return wrong("the list does not end: %d pages, %d objects", l.pages, len(l.objects))
		}
		o.Continue = next
	}
}

func (l *listing) page(ctx context.Context, o metav1.ListOptions) (page *unstructured.UnstructuredList, err error) {
	l.pages++
	err = l.try(ctx, func() error {
		page, err = l.from.List(ctx, o)
		return err
	})
	return page, err
}

// A tooManyError is a list that has more objects than are taken.
type tooManyError struct{ most int }

func (e *tooManyError) Error() string {
	return fmt.Sprintf("more than %d objects; remove what is not needed, or see what makes them", e.most)
}

func tooLarge(err error) bool {
	var refused *AnswerError
	return errors.As(err, &refused) && refused.large
}

// once makes a request once.
func once(_ context.Context, request func() error) error { return request() }
