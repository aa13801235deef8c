"""`limbeck iterate`: rounds of imitation, discrimination and generation, beside a control."""
