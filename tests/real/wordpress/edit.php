<?php
// What editors do: a JSON list of steps on standard input, what became of each post on standard output.
// {"do": "insert", "post": {…wp_insert_post}, "categories": ["…"], "sticky": true}
// {"do": "update", "id": 12, "post": {…}}   {"do": "trash", "id": 12}   {"do": "delete", "id": 12}
// {"do": "menu", "links": {"Agenda": "/agenda/"}}
$_SERVER['HTTP_HOST'] = parse_url(getenv('REAL_URL'), PHP_URL_HOST) . ':' . parse_url(getenv('REAL_URL'), PHP_URL_PORT);
require getenv('REAL_ROOT') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
wp_set_current_user(1);
$told = [];
foreach (json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR) as $step) {
    $id = $step['id'] ?? 0;
    switch ($step['do']) {
        case 'insert':
            // First a draft, as in the editor: it is the draft's address that becomes the guid (« ?p=12 »).
            $id = wp_insert_post(wp_slash(['post_status' => 'draft', 'post_name' => ''] + $step['post']), true);
            if (!is_wp_error($id)) {
                $id = wp_update_post(wp_slash(['ID' => $id, 'edit_date' => true] + $step['post']), true);
            }
            break;
        case 'update':
            $id = wp_update_post(wp_slash(['ID' => $id] + $step['post']), true);
            break;
        case 'trash':
            wp_trash_post($id);
            break;
        case 'delete':
            wp_delete_post($id, true);
            break;
        case 'menu': // the header of a block theme shows the newest menu
            $links = '';
            foreach ($step['links'] as $label => $url) {
                $links .= '<!-- wp:navigation-link ' . serialize_block_attributes(['label' => $label, 'url' => home_url($url), 'kind' => 'custom']) . ' /-->';
            }
            $id = wp_insert_post(wp_slash(['post_type' => 'wp_navigation', 'post_status' => 'publish', 'post_title' => 'Menu', 'post_content' => $links]), true);
            break;
        default:
            throw new Exception('unknown step ' . $step['do']);
    }
    if (is_wp_error($id)) {
        throw new Exception($id->get_error_message());
    }
    if (!empty($step['categories'])) {
        wp_set_post_categories($id, array_map('wp_create_category', $step['categories']));
    }
    if (!empty($step['sticky'])) {
        stick_post($id);
    }
    $told[] = ['id' => $id, 'link' => get_permalink($id) ?: null, 'status' => get_post_status($id) ?: null];
}
if (get_option('permalink_structure') !== getenv('REAL_PERMALINKS') || !get_option('rewrite_rules')) {
    global $wp_rewrite;
    $wp_rewrite->set_permalink_structure(getenv('REAL_PERMALINKS'));
    $wp_rewrite->flush_rules(false);
}
echo json_encode($told);
