package reliability

import (
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	namespaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	configMaps  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	roles       = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"}
	leases      = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

const widgets = "widgets.hundred.example.org"

// wipe takes away what a run has left, past the proxy, so that the next one starts from nothing. Of the namespace, which
// takes seconds to go, the next run has another.
func (s *site) wipe() {
	s.Helper()
	ctx := s.Context()
	s.gone(s.dynamic.Resource(namespaces).Delete(ctx, s.namespace(), metav1.DeleteOptions{}))
	s.gone(s.dynamic.Resource(definitions).Delete(ctx, widgets, metav1.DeleteOptions{}))
	s.gone(s.dynamic.Resource(roles).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "fitout.dev/addon"}))
	for _, gvr := range []schema.GroupVersionResource{configMaps, leases} { // the inventory and the lock
		list, err := s.dynamic.Resource(gvr).Namespace("kube-system").List(ctx, metav1.ListOptions{})
		s.gone(err)
		for _, o := range list.Items {
			if strings.HasPrefix(o.GetName(), "fitout") {
				s.gone(s.dynamic.Resource(gvr).Namespace("kube-system").Delete(ctx, o.GetName(), metav1.DeleteOptions{}))
			}
		}
	}
	for range 600 {
		_, err := s.dynamic.Resource(definitions).Get(ctx, widgets, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			s.runs++
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.Fatal("the definition of the last run is still there after a minute")
}

// gone accepts that there was nothing to delete.
func (s *site) gone(err error) {
	s.Helper()
	if err != nil && !apierrors.IsNotFound(err) {
		s.Error(err)
	}
}
