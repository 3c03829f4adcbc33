package check

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// judge is the judgement of one addon.
type judge struct {
	addon     render.Addon
	snapshot  observed.Snapshot
	undefined map[schema.GroupKind]bool // kinds whose definition is not there yet
}

func (j judge) row(check string, v Verdict, remedy, format string, args ...any) Row {
	return Row{Addon: j.addon.Name, Check: check, Verdict: v, Remedy: remedy, Detail: strings.TrimSpace(fmt.Sprintf(format, args...))}
}
