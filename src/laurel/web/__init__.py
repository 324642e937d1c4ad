"""Everything HTTP: routes, shapes, errors at the edge. Holds no rules about achievements and no SQL."""
