package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/utils/ptr"
)

const (
	// pageSize is how many objects one LIST request asks for. kubectl asks for 500; fewer take less memory at once.
	pageSize = 250
	// smallestPage is the size of a page where objects are large: ten of the largest that etcd takes have 15 MB.
	smallestPage = 10
	// mostObjects bounds a list. Kubernetes supports clusters of up to 150,000 pods
	// (kubernetes.io/docs/setup/best-practices/cluster-large).
	mostObjects = 200_000
	// mostExpected bounds for how many objects room is made because the server says that they will come.
	mostExpected = 20_000
	// mostPages bounds the pages of a list. Some may be empty.
	mostPages = mostObjects / smallestPage
	// mostEmpty bounds the pages of a list that have no object.
	mostEmpty = 100
	// mostRestarts bounds how often a list begins again because its continue token has expired, as it does after five minutes.
	mostRestarts = 3
	// listMemory bounds what is kept of all pages together, by the estimate of their allowances: 20,000 pods as maps, and
	// 200,000 as lean.go reads them.
	listMemory = 1 << 30
)

// A page is a part of a list.
type page[T any] struct {
	items  []T
	next   string // the continue token of the page after it, which the last one does not have
	more   int64  // how many objects come after it, if the server says so
	left   int    // how many objects of it are not kept
	memory int64  // an estimate of what the objects take
}

// fetcher fetches one page.
type fetcher[T any] func(ctx context.Context, o metav1.ListOptions) (page[T], error)

// A pager fetches a list page by page.
type pager[T any] struct {
	fetch fetcher[T]
	try   func(ctx context.Context, request func() error) error // makes a request, perhaps several times
	most  int                                                   // objects
	size  int64                                                 // of a page
}

// all fetches all pages. The error is a tooManyError if there are more objects than most; the first ones are returned with it.
func (p pager[T]) all(ctx context.Context, o metav1.ListOptions) ([]T, error) {
	var all []T
	o.Limit = min(p.size, int64(p.most))
	var memory int64
	pages, empty, restarts := 0, 0, 0
	for {
		found, err := p.one(ctx, o)
		switch {
		case o.Continue != "" && apierrors.IsResourceExpired(err) && restarts < mostRestarts:
			restarts, all, memory, o.Continue = restarts+1, nil, 0, ""
			continue
		case tooLarge(err) && o.Limit > smallestPage:
			o.Limit = smallestPage // a continue token goes with any limit
			continue
		case err != nil:
			return nil, err
		}
		pages++
		if len(found.items)+found.left == 0 {
			empty++
		}
		all = append(slices.Grow(all, len(found.items)+int(min(max(found.more, 0), mostExpected))), found.items...)
		memory += found.memory
		switch {
		case memory > listMemory:
			return nil, refuse("the list", fmt.Sprintf("it would take more than %s of memory", size(listMemory)))
		case found.next == "" && len(all) <= p.most:
			return all, nil
		case len(all) >= p.most:
			return all, &tooManyError{p.most}
		case found.next == o.Continue:
			return nil, wrong("the list does not end: page %d has the continue token of the page before", pages)
		case empty > mostEmpty:
			return nil, wrong("the list does not end: %d of its pages are empty", empty)
		case pages >= mostPages:
			return nil, wrong("the list does not end: %d pages, %d objects", pages, len(all))
		}
		o.Continue = found.next
	}
}

func (p pager[T]) one(ctx context.Context, o metav1.ListOptions) (found page[T], err error) {
	var taken atomic.Int64
	allowed := onePage
	allowed.taken = &taken
	err = p.try(ctx, func() error {
		taken.Store(0)
		found, err = p.fetch(allow(ctx, allowed), o)
		return err
	})
	if n := int64(len(found.items)); n > 0 {
		found.memory = taken.Load() * n / (n + int64(found.left))
	}
	return found, err
}

// objectsOf fetches pages of the objects of a resource.
func objectsOf(from dynamic.ResourceInterface) fetcher[manifest.Object] {
	return func(ctx context.Context, o metav1.ListOptions) (page[manifest.Object], error) {
		list, err := from.List(ctx, o)
		if err != nil {
			return page[manifest.Object]{}, err
		}
		return page[manifest.Object]{items: list.Items, next: list.GetContinue(), more: ptr.Deref(list.GetRemainingItemCount(), 0)}, nil
	}
}

// kept leaves out of each page the objects that keep does not keep.
func kept(fetch fetcher[manifest.Object], keep func(*manifest.Object) bool) fetcher[manifest.Object] {
	return func(ctx context.Context, o metav1.ListOptions) (page[manifest.Object], error) {
		found, err := fetch(ctx, o)
		read := len(found.items)
		found.items = slices.DeleteFunc(found.items, func(o manifest.Object) bool { return !keep(&o) })
		found.left = read - len(found.items)
		return found, err
	}
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
