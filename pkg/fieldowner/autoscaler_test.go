package fieldowner

import "testing"

// Who sets the number of replicas from case to case: not people who scale, nor who writes something else.
func TestAutoscaler(t *testing.T) {
	for entry, want := range map[string]string{
		`{manager: kube-controller-manager, operation: Update, subresource: scale, fieldsV1: {"f:spec": {"f:replicas": {}}}}`:         "kube-controller-manager",
		`{manager: cluster-proportional-autoscaler, operation: Update, subresource: scale, fieldsV1: {"f:spec": {"f:replicas": {}}}}`: "cluster-proportional-autoscaler",
		`{manager: kubectl, operation: Update, subresource: scale, fieldsV1: {"f:spec": {"f:replicas": {}}}}`:                         "",
		`{manager: kube-controller-manager, operation: Update, subresource: status, fieldsV1: {"f:status": {"f:replicas": {}}}}`:      "",
		`{manager: kube-controller-manager, operation: Update, fieldsV1: 1}`:                                                          "",
	} {
		o := parsedObject(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, managedFields: ["+entry+"]}")
		if got := Autoscaler(o); got != want {
			t.Errorf("%s: %q, want %q", entry, got, want)
		}
	}
}
