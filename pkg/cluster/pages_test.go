package cluster

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A list that others answer with ends, whatever they say.
func TestPager(t *testing.T) {
	expired := apierrors.NewGenericServerResponse(http.StatusGone, "list", schema.GroupResource{}, "", "", 0, false)
	expired.ErrStatus.Reason = metav1.StatusReasonExpired
	for name, test := range map[string]struct {
		fetch func(n int, ctx context.Context, o metav1.ListOptions) (page[int], error) // the n-th page
		want  string
	}{
		"one page": {func(int, context.Context, metav1.ListOptions) (page[int], error) {
			return page[int]{items: []int{1, 2}}, nil
		}, "[1 2] <nil>"},
		"two pages":      {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) { return numbered(n, 2), nil }, "[1 2] <nil>"},
		"as many as may": {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) { return numbered(n, 5), nil }, "[1 2 3 4 5] <nil>"},
		"too many":       {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) { return numbered(n, 9), nil }, "[1 2 3 4 5] more than 5 objects; remove"},
		"claims more": {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) {
			p := numbered(n, 2)
			p.more = 1 << 60
			return p, nil
		}, "[1 2] <nil>"},
		"claims less than none": {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) {
			p := numbered(n, 2)
			p.more = -1
			return p, nil
		}, "[1 2] <nil>"},
		"the same token": {func(int, context.Context, metav1.ListOptions) (page[int], error) { return page[int]{next: "a"}, nil }, "[] the list does not end: page 2"},
		"empty with ever new tokens": {func(n int, _ context.Context, _ metav1.ListOptions) (page[int], error) {
			return page[int]{next: fmt.Sprint(n)}, nil
		}, "[] the list does not end: 101 of its pages are empty"},
		"expires once": {func(n int, _ context.Context, o metav1.ListOptions) (page[int], error) {
			if n == 2 {
				return page[int]{}, expired
			}
			if o.Continue == "" {
				return numbered(1, 2), nil
			}
			return numbered(2, 2), nil
		}, "[1 2] <nil>"},
		"always expires": {func(n int, _ context.Context, o metav1.ListOptions) (page[int], error) {
			if o.Continue != "" {
				return page[int]{}, expired
			}
			return numbered(1, 2), nil
		}, "[] "},
		"large objects": {func(n int, _ context.Context, o metav1.ListOptions) (page[int], error) {
			if o.Limit > smallestPage {
				return page[int]{}, refuse("GET /a", "the answer is too large")
			}
			return page[int]{items: []int{1}}, nil
		}, "[1] <nil>"},
		"larger objects": {func(int, context.Context, metav1.ListOptions) (page[int], error) {
			return page[int]{}, refuse("GET /a", "the answer is too large")
		}, "[] GET /a: the answer is too large"},
		"much memory": {func(n int, ctx context.Context, _ metav1.ListOptions) (page[int], error) {
			allowanceOf(ctx).taken.Add(listMemory/3 + 1)
			return numbered(n, 4), nil
		}, "[] the list: it would take more than 1024 MiB of memory"},
		"much memory of what is not kept": {func(n int, ctx context.Context, _ metav1.ListOptions) (page[int], error) {
			allowanceOf(ctx).taken.Add(listMemory/3 + 1)
			p := numbered(n, 4)
			p.left = 99
			return p, nil
		}, "[1 2 3 4] <nil>"},
	} {
		n := 0
		list := pager[int]{try: once, most: 5, size: 100, fetch: func(ctx context.Context, o metav1.ListOptions) (page[int], error) {
			n++
			return test.fetch(n, ctx, o)
		}}
		all, err := list.all(t.Context(), metav1.ListOptions{})
		if got := fmt.Sprint(all, " ", err); !strings.HasPrefix(got, test.want) || cap(all) > 2*mostExpected {
			t.Errorf("%s: %s, room for %d", name, got, cap(all))
		}
	}
}

// numbered is the n-th of some pages with one object each.
func numbered(n, pages int) page[int] {
	p := page[int]{items: []int{n}}
	if n < pages {
		p.next = fmt.Sprint("after ", n)
	}
	return p
}
