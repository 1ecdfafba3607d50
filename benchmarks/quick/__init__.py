"""A quick comparison: the ratios that matter, ours beside keepalived and, where asked for, beside another checkout.

What a change costs shows here in minutes; what is published comes from the whole report.
"""
