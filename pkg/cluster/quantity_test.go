package cluster

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// A quantity that takes hours is found before it is decoded.
func TestCostlyQuantityInProtobuf(t *testing.T) {
	field := func(number protowire.Number, value string) string {
		return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value))
	}
	pod := func(cpu string) []byte { // field numbers of Pod, PodSpec, Container, ResourceRequirements, an entry of a map, Quantity
		requests := field(2, field(1, "cpu")+field(2, field(1, cpu)))
		return []byte(field(1, field(1, "a")) + field(2, field(2, field(1, "c")+field(8, requests))))
	}
	left := int64(1 << 20)
	if read, _, err := readPods()(pod("100m"), &left); err != nil || read.Spec.Containers[0].Resources.Requests.Cpu().String() != "100m" {
		t.Errorf("%v: %v", read.Spec, err)
	}
	if _, _, err := readPods()(pod("1E-99999999"), &left); !errors.Is(err, errQuantity) {
		t.Error(err)
	}
	node := field(1, field(1, "a")) + field(3, field(2, field(1, "cpu")+field(2, field(1, "1E-99999999")))) // status, allocatable
	if _, _, err := readNodes()([]byte(node), &left); !errors.Is(err, errQuantity) {
		t.Error(err)
	}
}
