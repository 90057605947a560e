<?php
// A must-use plugin: what a town's developer adds, a type of content for events, with its archive and its REST list.
add_action('init', function () {
    register_post_type('evenement', [
        'labels' => ['name' => 'Agenda', 'singular_name' => 'Événement'],
        'public' => true,
        'has_archive' => 'agenda',
        'rewrite' => ['slug' => 'evenement'],
        'show_in_rest' => true,
        'supports' => ['title', 'editor', 'excerpt', 'revisions'],
    ]);
});
if (!function_exists('wp_mail')) {
    function wp_mail(...$said) // nothing is sent from a test
    {
        return true;
    }
}
if (getenv('REAL_FEEDS') === 'off') { // what « Disable Feeds » and its like do
    remove_action('wp_head', 'feed_links', 2);
    remove_action('wp_head', 'feed_links_extra', 3);
    foreach (['do_feed', 'do_feed_rdf', 'do_feed_rss', 'do_feed_rss2', 'do_feed_atom'] as $hook) {
        add_action($hook, function () {
            wp_die('Les flux sont désactivés.', '', ['response' => 404]);
        }, 1);
    }
}
if (getenv('REAL_REST') === 'off') { // what « Disable REST API » and security plugins do
    remove_action('wp_head', 'rest_output_link_wp_head', 10);
    remove_action('template_redirect', 'rest_output_link_header', 11);
    add_filter('rest_authentication_errors', function () {
        return new WP_Error('rest_not_logged_in', 'Vous n’êtes pas connecté.', ['status' => 401]);
    });
}
