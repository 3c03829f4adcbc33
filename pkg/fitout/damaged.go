package fitout

import (
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// judgeInventory makes the row of the inventory degraded if no run could read it. The check compares only the fields that it can
// expect; the others are damaged if somebody has edited them.
func judgeInventory(rows []check.Row, live *manifest.Object) []check.Row {
	if live == nil {
		return rows
	}
	_, err := inventory.Parse(live)
	for i, row := range rows {
		if err != nil && row.Addon == render.ManagedBy && row.Check == check.Unchanged {
			rows[i].Verdict, rows[i].Detail = check.Degraded, fmt.Sprintf("%s cannot be read: %v", inventory.ID, errors.Unwrap(err))
			rows[i].Remedy = "delete it and run fitout up, which records every object of the bundle again"
		}
	}
	return rows
}
