"""What is known of jobs and nodes; `nodes` also has the commands that drain, resume and forget one."""
